import json

import pytest

from pipeline import page_push
from pipeline.page_gate import PagePush
from pipeline.page_push import push_page_reader
from serving.model_folder import add_version, hash_model
from serving.page_export import DETECTOR_PARENT, LINES_PARENT, SHA256


@pytest.fixture
def tried(monkeypatch):
    """Stands in for the trial, which has tests of its own; notes what it was asked for."""
    asked = []

    def try_page_reader(detector, lines, base_path, present, database):
        asked.append((detector.parent.name, detector.name, lines.parent.name, lines.name, present))
        card = {DETECTOR_PARENT: {SHA256: hash_model(detector)}}
        card[LINES_PARENT] = {SHA256: hash_model(lines)}

        def write(folder):
            (folder / "assets.extra").mkdir(parents=True)
            (folder / "assets.extra" / "model_card.json").write_text(json.dumps(card))
            (folder / "saved_model.pb").write_text("page")

        return PagePush(add_version(base_path, write), remark=f"pages of {database.name}")

    monkeypatch.setattr(page_push, "try_page_reader", try_page_reader)
    return asked


def push(pushed, name, version):
    folder = pushed / name / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text(f"{name} {version}")


def run(pushed):
    return push_page_reader(pushed, pushed / "metadata.sqlite")


def test_both_must_have_been_pushed(tmp_path, tried):
    assert run(tmp_path / "absent") == PagePush()
    push(tmp_path, "emnist-lines", 10)
    push(tmp_path, "emnist-characters", 11)
    assert run(tmp_path) == PagePush()
    assert not tried


def test_the_newest_of_each_are_tried(tmp_path, tried):
    push(tmp_path, "emnist-lines", 9)
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    done = run(tmp_path)
    assert done.pushed.parent == tmp_path / "pages"
    assert done.remark == "pages of metadata.sqlite"
    assert tried == [("pages-detector", "7", "iam-lines", "10", None)]


def test_only_new_parents_are_tried_against_the_present_servable(tmp_path, tried):
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    first = run(tmp_path).pushed
    assert run(tmp_path) == PagePush(first)
    push(tmp_path, "sample-lines", 11)
    second = run(tmp_path).pushed
    assert int(second.name) > int(first.name)
    assert tried[1:] == [("pages-detector", "7", "sample-lines", "11", first)]
