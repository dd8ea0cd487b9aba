"""Spans of labels, whatever happens on the way."""

import json

import numpy as np
import pytest

from labeling import answers, export_span
from labeling.answers import Seen
from labeling.export_span import count_new, spans_of
from labeling.items import NewItem
from labeling.queue import Asker
from pipeline.ingest.records import Problems
from pipeline.ingest.spans import (
    ORIGINS_FILE,
    WRITERS_FILE,
    describe_span,
    find_spans,
    read_span,
)
from schema.alphabet import LATIN
from schema.errors import InputError
from tests.labeling.conftest import lines, picture

ADA = Asker("Ada Lovelace", "1")
ORIGIN = {"model": "lines", "version": 7, "timestamp": 1, "file": "log", "offset": 5, "row": 0}


def label(store, item_id, text):
    answers.decide(store, ADA, Seen(item_id, store.item(item_id).revision), text, LATIN)


@pytest.fixture
def labelled(store):
    store.add([NewItem("a", picture(99), "queue", origin=ORIGIN), *lines(2)], "test")
    for number, text in ((1, "first"), (2, "second")):
        label(store, number, text)
    return store


def test_what_is_accepted_becomes_a_span_once(labelled, tmp_path):
    root = tmp_path / "spans"
    span, count = export_span.export_span(labelled, root, "ada")
    assert (span.number, span.version, count) == (1, 1, 2)
    records = list(read_span(span, Problems()))
    assert [record.text for record in records] == ["first", "second"]
    assert records[0].image.dtype == np.uint8
    assert describe_span(span) == "span 1 version 1 (lines of requests: 1 to lines 7)"
    told = json.loads((span.path / ORIGINS_FILE).read_text())
    assert told == {"line-000001": {**ORIGIN, "label": {"line": 1, "revision": 1}}}
    assert "Ada" not in "".join(
        path.read_text() for path in span.path.rglob("*") if path.suffix in (".json", ".txt")
    )
    assert count_new(labelled) == 0
    with pytest.raises(InputError, match="accepted lines that are in no span yet, got none"):
        export_span.export_span(labelled, root, "ada")
    label(labelled, 3, "third")
    assert export_span.export_span(labelled, root, "ada")[0].number == 2


def test_corrections_become_the_next_version(labelled, tmp_path):
    root = tmp_path / "spans"
    export_span.export_span(labelled, root, "ada")
    label(labelled, 2, "corrected")
    assert spans_of(labelled)[0].changed == 1
    span, count = export_span.export_span(labelled, root, "ada", number=1)
    assert (span.number, span.version, count) == (1, 2, 2)
    assert [record.text for record in read_span(span, Problems())] == ["first", "corrected"]
    assert [(each.version, each.changed) for each in spans_of(labelled)] == [(2, 0)]
    with pytest.raises(InputError, match="expected span 9, got none"):
        export_span.export_span(labelled, root, "ada", number=9)


def test_lines_of_a_writer_can_be_kept_together_without_the_name(store, tmp_path):
    given = enumerate(("Jane Doe", "", "w-1", "Jane Doe"))
    store.add((NewItem(f"{n}", picture(n), "x", text="a", writer=who) for n, who in given), "test")
    span, _ = export_span.export_span(store, tmp_path, "ada")
    first, nobody, other, again = (record.writer for record in read_span(span, Problems()))
    assert first == again
    assert nobody is None
    assert len({first, other}) == 2
    assert "Jane" not in (span.path / WRITERS_FILE).read_text()
    store.add([NewItem("4", picture(4), "x", text="a", writer="w-1")], "test")
    span, _ = export_span.export_span(store, tmp_path, "ada")
    assert [record.writer for record in read_span(span, Problems())] == [other]


class Killed(BaseException):
    """As a kill: nothing behind it runs."""


@pytest.mark.parametrize("moment", ["_complete", "write_span"])
def test_a_killed_export_puts_no_label_into_two_spans(labelled, tmp_path, monkeypatch, moment):
    root = tmp_path / "spans"

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(export_span, moment, die)
    with pytest.raises(Killed):
        export_span.export_span(labelled, root, "ada")
    monkeypatch.undo()
    label(labelled, 3, "third")
    export_span.export_span(labelled, root, "ada")
    texts = [r.text for span in find_spans(root) for r in read_span(span, Problems())]
    assert sorted(texts) == ["first", "second", "third"]


def test_an_export_that_fails_can_be_tried_again(labelled, tmp_path):
    root = tmp_path / "spans"
    path = labelled.pictures.path(labelled.item(1).picture)
    content = path.read_bytes()
    path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="restore the pictures"):
        export_span.export_span(labelled, root, "ada")
    assert find_spans(root) == []
    path.write_bytes(content)
    assert export_span.export_span(labelled, root, "ada")[1] == 2
