"""What is written in a format is read again as it was; of formats without pages, whole lines."""

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeling.exchange import doccano, label_studio, line_folders
from labeling.items import NewItem
from labeling.store import Store
from pipeline.ingest.corpus import clean_text
from pipeline.ingest.line_folder import read_line_folder
from pipeline.ingest.records import Problems

SEEN = st.characters(exclude_categories=("C", "Z"))
TEXTS = (
    st.text(SEEN | st.just(" "), min_size=1, max_size=30).map(clean_text).filter(str.isprintable)
)
NAMES = st.text(max_size=20).filter(lambda name: name.isprintable())


@st.composite
def new_items(draw):
    text = draw(TEXTS.filter(bool))
    return NewItem(
        name=draw(NAMES.filter(bool)),
        picture=b"",
        source="test",
        text=text,
        prefill=draw(st.just("") | TEXTS),
        confidence=draw(st.none() | st.floats(0, 1)),
        model_version="lines 7",
    )


def each_with_a_picture(items, draw_picture):
    return [
        NewItem(**{**vars(item), "picture": draw_picture(shade)})
        for shade, item in enumerate(items)
    ]


@pytest.mark.parametrize(
    ("module", "file"),
    [(label_studio, label_studio.TASKS_FILE), (doccano, doccano.LINES_FILE)],
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(items=st.lists(new_items(), max_size=3))
def test_names_pictures_and_texts_come_back(picture, module, file, items):
    items = each_with_a_picture(items, picture)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder, "labels"))
        store.add(items, "test")
        count = module.write(store.accepted(), store.pictures, Path(folder, "out"))
        store.close()
        found = list(module.read(Path(folder, "out", file), Problems(0)))
    assert count == len(items)
    assert [(each.name, each.picture, each.text) for each in found] == [
        (each.name, each.picture, each.text) for each in items
    ]
    if module is label_studio:
        assert [each.prefill for each in found] == [each.prefill for each in items]
        for old, new in zip(items, found, strict=True):
            if old.prefill:
                assert (new.confidence, new.model_version) == (old.confidence, "lines 7")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES.filter(bool), max_size=4), text=TEXTS.filter(bool))
def test_whatever_lines_are_called_they_become_files(picture, names, text):
    items = [
        NewItem(name, picture(shade), "test", text=text)
        for shade, name in zip(itertools.count(), [*names, "../../x", "a.png", "A.PNG", "a b"])
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder, "labels"))
        store.add(items, "test")
        line_folders.write(store.accepted(), store.pictures, Path(folder, "out"))
        store.close()
        found = list(read_line_folder(Path(folder, "out"), Problems(0)))
    assert len(found) == len(items)
    assert {line.text for line in found} == {text}
