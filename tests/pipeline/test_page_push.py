import json

import pytest

from pipeline import page_push
from pipeline.page_push import push_page_reader
from serving.model_folder import add_version, hash_model
from serving.page_export import DETECTOR_PARENT, LINES_PARENT, SHA256


@pytest.fixture
def composed(monkeypatch):
    """Stands in for the composition, which has tests of its own; notes what it was asked for."""
    asked = []

    def compose(detector, lines, base_path):
        asked.append((detector.parent.name, detector.name, lines.parent.name, lines.name))
        card = {DETECTOR_PARENT: {SHA256: hash_model(detector)}}
        card[LINES_PARENT] = {SHA256: hash_model(lines)}

        def write(folder):
            (folder / "assets.extra").mkdir(parents=True)
            (folder / "assets.extra" / "model_card.json").write_text(json.dumps(card))
            (folder / "saved_model.pb").write_text("page")

        return add_version(base_path, write)

    monkeypatch.setattr(page_push, "compose_page", compose)
    return asked


def push(pushed, name, version):
    folder = pushed / name / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text(f"{name} {version}")


def test_both_must_have_been_pushed(tmp_path, composed):
    assert push_page_reader(tmp_path / "absent") is None
    push(tmp_path, "emnist-lines", 10)
    push(tmp_path, "emnist-characters", 11)
    assert push_page_reader(tmp_path) is None
    assert not composed


def test_the_newest_of_each_are_composed(tmp_path, composed):
    push(tmp_path, "emnist-lines", 9)
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    version = push_page_reader(tmp_path)
    assert version.parent == tmp_path / "pages"
    assert composed == [("pages-detector", "7", "iam-lines", "10")]


def test_only_new_parents_make_a_new_version(tmp_path, composed):
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    first = push_page_reader(tmp_path)
    assert push_page_reader(tmp_path) == first
    push(tmp_path, "sample-lines", 11)
    second = push_page_reader(tmp_path)
    assert int(second.name) > int(first.name)
    assert composed[1:] == [("pages-detector", "7", "sample-lines", "11")]
