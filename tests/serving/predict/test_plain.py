import json

from serving.client.readings import Reading
from serving.predict.plain import to_json, to_text

LINES = [Reading("é", 0.5, (0.25,), (1.0, 2.0, 3.0, 4.0)), Reading("b", 1.0)]


def test_text_may_name_its_picture() -> None:
    assert to_text(LINES) == "é\nb\n"
    assert to_text(LINES, "p.png") == "p.png\té\np.png\tb\n"
    assert to_text([]) == ""


def test_json_is_one_line_with_all_that_is_known() -> None:
    told = to_json(LINES, "p\n.png", (30, 20))
    assert told.count("\n") == 1
    assert json.loads(told) == {
        "picture": "p\n.png",
        "width": 30,
        "height": 20,
        "lines": [
            {
                "text": "é",
                "confidence": 0.5,
                "box": [1.0, 2.0, 3.0, 4.0],
                "character_confidences": [0.25],
            },
            {"text": "b", "confidence": 1.0},
        ],
    }
