import json

import pytest

from labeling.exchange import doccano
from labeling.exchange.line_text import DIFFER
from pipeline.ingest.records import Problems
from schema.errors import InputError


@pytest.fixture
def export(tmp_path, picture):
    (tmp_path / "line.png").write_bytes(picture())

    def write(*lines):
        path = tmp_path / "export.jsonl"
        told = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        path.write_text("\n".join(told), encoding="utf-8")
        return path

    return write


def test_labels_and_lines_without(export, picture):
    path = export({"filename": "line.png", "label": ["One"]}, "", {"filename": "line.png"})
    first, second = doccano.read(path, Problems(0))
    assert (first.text, first.picture, first.name) == ("One", picture(), "line")
    assert second.text is None


def test_texts_that_differ_wait_for_two(export):
    (item,) = doccano.read(export({"filename": "line.png", "label": ["One", "0ne"]}), Problems(0))
    assert (item.text, item.prefill, item.annotators, item.why) == (None, "0ne", 2, DIFFER)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: expected a JSON object"),
        ("[]", 'line 1: expected an object with a "filename"'),
        ({"text": "words", "label": []}, 'expected an object with a "filename"'),
        ({"filename": "gone.png"}, "expected the picture 'gone.png' beside the file"),
        ({"filename": "line.png", "label": [["PER"]]}, 'expected texts as "label"'),
        ({"filename": "line.png", "label": ["a\nb"]}, "expected one line of text, got 2"),
    ],
)
def test_bad_lines_are_named(export, line, said):
    with pytest.raises(InputError) as caught:
        list(doccano.read(export(line), Problems(0)))
    assert f"export.jsonl, line 1: {said.removeprefix('line 1: ')}" in str(caught.value)
