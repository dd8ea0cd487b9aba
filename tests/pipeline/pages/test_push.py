import json

import pytest

from pipeline.pages import trial
from pipeline.pages.push import push_page_reader, reads_pages
from pipeline.pages.result import PagePush
from pipeline.workspace import Workspace
from serving.model_folder import (
    DETECTOR_PARENT,
    LINES_PARENT,
    PARENT_PATH,
    SHA256,
    add_version,
    hash_model,
)


@pytest.fixture
def tried(monkeypatch):
    """Stands in for the trial, which has tests of its own; notes what it was asked for."""
    asked = []

    def try_page_reader(detector, lines, base_path, present, workspace):
        asked.append((detector.parent.name, detector.name, lines.parent.name, lines.name, present))
        card = {
            parent: {PARENT_PATH: str(folder), SHA256: hash_model(folder)}
            for parent, folder in ((DETECTOR_PARENT, detector), (LINES_PARENT, lines))
        }

        def write(folder):
            (folder / "assets.extra").mkdir(parents=True)
            (folder / "assets.extra" / "model_card.json").write_text(json.dumps(card))
            (folder / "saved_model.pb").write_text("page")

        return PagePush(add_version(base_path, write), remark=f"pages of {workspace.folder}")

    monkeypatch.setattr(trial, "try_page_reader", try_page_reader)
    return asked


def push(pushed, name, version):
    folder = pushed / name / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text(f"{name} {version}")


def run(base_path, **options):
    return push_page_reader(base_path, Workspace(base_path.parent), **options)


def test_both_must_have_been_pushed(tmp_path, tried):
    assert run(tmp_path / "absent") == PagePush()
    push(tmp_path, "emnist-lines", 10)
    push(tmp_path, "emnist-characters", 11)
    assert run(tmp_path / "emnist-lines") == PagePush()
    assert run(tmp_path / "emnist-characters") == PagePush()
    assert not tried


def test_a_first_servable_is_of_the_newest_of_each(tmp_path, tried):
    push(tmp_path, "emnist-lines", 9)
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    done = run(tmp_path / "pages-detector")
    assert done.pushed.parent == tmp_path / "pages"
    assert done.remark == f"pages of {tmp_path}"
    assert tried == [("pages-detector", "7", "iam-lines", "10", None)]


def test_what_was_pushed_goes_in_although_another_version_is_higher(tmp_path, tried):
    push(tmp_path, "emnist-lines", 9)
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    run(tmp_path / "emnist-lines")
    assert tried == [("pages-detector", "7", "emnist-lines", "9", None)]


def test_the_other_parent_stays_with_its_pipeline(tmp_path, tried):
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    first = run(tmp_path / "iam-lines").pushed
    push(tmp_path, "sample-lines", 20)  # rolled back, say, and no part of the pages
    push(tmp_path, "iam-lines", 11)
    push(tmp_path, "pages-detector", 21)
    run(tmp_path / "pages-detector")
    assert tried[1:] == [("pages-detector", "21", "iam-lines", "11", first)]


def test_only_new_parents_are_tried_against_the_present_servable(tmp_path, tried):
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    first = run(tmp_path / "iam-lines").pushed
    assert run(tmp_path / "iam-lines") == PagePush(first)
    push(tmp_path, "sample-lines", 11)
    second = run(tmp_path / "sample-lines").pushed
    assert int(second.name) > int(first.name)
    assert tried[1:] == [("pages-detector", "7", "sample-lines", "11", first)]


def test_what_a_person_has_decided_is_compared_with_nothing(tmp_path, tried):
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    run(tmp_path / "iam-lines")
    push(tmp_path, "iam-lines", 11)
    run(tmp_path / "iam-lines", compare=False)
    assert tried[1:] == [("pages-detector", "7", "iam-lines", "11", None)]


def test_whose_model_reads_pages_is_told_by_the_present_servable(tmp_path, tried):
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "sample-lines", 9)
    push(tmp_path, "pages-detector", 7)
    assert not reads_pages(tmp_path / "iam-lines")
    run(tmp_path / "pages-detector")
    assert reads_pages(tmp_path / "iam-lines")
    assert reads_pages(tmp_path / "pages-detector")
    assert not reads_pages(tmp_path / "sample-lines")
