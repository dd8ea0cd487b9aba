import pytest

from serving.client import Reading, ServingError
from serving.client.readings import read_row
from serving.signatures import CHARACTER, TEXT, TEXTS

ROW = {
    "boxes": [[1.0, 2.0, 3.0, 4.5], [-1.0, -1.0, -1.0, -1.0]],
    "texts": ["é", ""],
    "confidences": [0.1, -1.0],
    "count": 1,
}
LINE = Reading("é", 0.1, box=(1.0, 2.0, 3.0, 4.5))


def test_padding_of_pages_is_dropped() -> None:
    assert read_row(ROW, TEXTS, "here") == (LINE,)
    empty = {"boxes": [], "texts": [], "confidences": [], "count": 0}
    assert read_row(empty, TEXTS, "here") == ()


def test_a_page_may_tell_how_sure_each_character_is() -> None:
    told = ROW | {"character_confidences": [[0.1, -1.0], [-1.0, -1.0]]}
    assert read_row(told, TEXTS, "here")[0].character_confidences == (0.1,)


def test_a_line_is_one_reading() -> None:
    row = {"text": "ab", "confidence": 1, "character_confidences": [0.5, 1.0, -1.0]}
    assert read_row(row, TEXT, "here") == (Reading("ab", 1.0, (0.5, 1.0)),)
    assert read_row({"character": "a", "confidence": 0.5}, CHARACTER, "here") == (
        Reading("a", 0.5),
    )


def test_confidences_that_do_not_fit_the_text_are_left_out() -> None:
    row = {"text": "abc", "confidence": 0.5, "character_confidences": [0.5]}
    assert read_row(row, TEXT, "here") == (Reading("abc", 0.5),)


@pytest.mark.parametrize("row", ["a", {}, {"text": "a"}, {"text": 1, "confidence": 0.5}, None])
def test_a_wrong_line_is_one_line(row) -> None:
    with pytest.raises(ServingError, match=r"^here: expected text and confidence, got"):
        read_row(row, TEXT, "here")


@pytest.mark.parametrize(
    "wrong",
    [
        "a",
        {},
        ROW | {"count": 3},
        ROW | {"count": "1"},
        ROW | {"texts": [None, ""]},
        ROW | {"boxes": [[1.0], [2.0]]},
        ROW | {"confidences": ["high", ""]},
    ],
)
def test_a_wrong_page_is_one_line(wrong) -> None:
    with pytest.raises(ServingError, match=r"^here: expected boxes") as caught:
        read_row(wrong, TEXTS, "here")
    assert "\n" not in str(caught.value)
