import json

import pytest

from pipeline import page_push
from pipeline.evaluation.page_error_rate import PageEdits
from pipeline.page_measure import MeasuredPage
from pipeline.page_push import PagePush, push_page_reader
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


@pytest.fixture
def pages(monkeypatch, tmp_path):
    """Stands in for the measuring, which has tests of its own; says what servables shall reach.

    Each is known by the line model that it was composed of: `edits` of 100 characters on each of
    two pages, or an error at loading.
    """
    edits = {}

    def load(servable):
        card = json.loads((servable / "assets.extra" / "model_card.json").read_text())
        found = edits[card["lines"]["sha256"]]
        if isinstance(found, Exception):
            raise found
        return found

    def measure(examples, readers):
        counts = tuple(PageEdits(reader, 100) for reader in readers)
        return [MeasuredPage(name, name, counts) for name in ("test/p1", "test/p2")]

    monkeypatch.setattr(page_push, "load_reader", load)
    monkeypatch.setattr(page_push, "measure_pages", measure)
    monkeypatch.setattr(page_push, "find_test_pages", lambda *_: tmp_path)
    return edits


def push(pushed, name, version):
    folder = pushed / name / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text(f"{name} {version}")
    return hash_model(folder)


def run(pushed):
    return push_page_reader(pushed, pushed / "metadata.sqlite")


def told(servable):
    """What the model card says of whole pages."""
    card = json.loads((servable / "assets.extra" / "model_card.json").read_text())
    return card["page_error_rate"]


def versions(pushed):
    return sorted(path.name for path in (pushed / "pages").iterdir())


def test_both_must_have_been_pushed(tmp_path, composed, pages):
    assert run(tmp_path / "absent") == PagePush()
    push(tmp_path, "emnist-lines", 10)
    push(tmp_path, "emnist-characters", 11)
    assert run(tmp_path) == PagePush()
    assert not composed


def test_the_newest_of_each_are_composed(tmp_path, composed, pages):
    push(tmp_path, "emnist-lines", 9)
    pages[push(tmp_path, "iam-lines", 10)] = 50
    push(tmp_path, "pages-detector", 7)
    done = run(tmp_path)
    assert done.pushed.parent == tmp_path / "pages"
    assert composed == [("pages-detector", "7", "iam-lines", "10")]
    # The first is held to nothing, and its figures go with it.
    assert done.error_rate.candidate.value == 0.5
    assert done.error_rate.pages_of == "pages-detector"
    assert done.remark is None
    assert told(done.pushed)["value"] == 0.5
    assert told(done.pushed)["baseline"] is None


def test_only_new_parents_make_a_new_version(tmp_path, composed, pages):
    pages[push(tmp_path, "iam-lines", 10)] = 50
    push(tmp_path, "pages-detector", 7)
    first = run(tmp_path).pushed
    assert run(tmp_path) == PagePush(first)
    pages[push(tmp_path, "sample-lines", 11)] = 51
    second = run(tmp_path)
    assert int(second.pushed.name) > int(first.name)
    assert composed[1:] == [("pages-detector", "7", "sample-lines", "11")]
    # A little worse is within the tolerance.
    assert second.error_rate.change.value == pytest.approx(0.01)
    assert told(second.pushed)["baseline"]["value"] == 0.5


def test_what_reads_pages_worse_is_refused_and_leaves_nothing(tmp_path, composed, pages):
    pages[push(tmp_path, "iam-lines", 10)] = 50
    push(tmp_path, "pages-detector", 7)
    first = run(tmp_path).pushed
    pages[push(tmp_path, "sample-lines", 11)] = 80
    refused = run(tmp_path)
    assert refused.pushed is None
    assert refused.remark == refused.error_rate.reason
    assert "80.00% of 200 characters" in refused.remark
    assert versions(tmp_path) == [first.name]
    folders = {path.name for path in tmp_path.iterdir()}
    assert folders == {"iam-lines", "sample-lines", "pages-detector", "pages"}


def test_pages_that_are_gone_leave_it_unmeasured(tmp_path, composed, pages, monkeypatch):
    monkeypatch.setattr(page_push, "find_test_pages", lambda *_: None)
    push(tmp_path, "iam-lines", 10)
    push(tmp_path, "pages-detector", 7)
    done = run(tmp_path)
    assert done.error_rate is None
    assert done.remark == "not measured: no test pages of pages-detector are left"
    assert told(done.pushed) == {"remark": done.remark}


def test_pages_without_texts_leave_it_unmeasured(tmp_path, composed, pages, monkeypatch):
    monkeypatch.setattr(page_push, "measure_pages", lambda *_: [])
    pages[push(tmp_path, "iam-lines", 10)] = 50
    push(tmp_path, "pages-detector", 7)
    done = run(tmp_path)
    assert done.error_rate is None
    assert told(done.pushed) == {"remark": done.remark}
    assert done.remark == "not measured: the test pages of pages-detector have no texts"


def test_a_servable_that_no_longer_loads_is_no_baseline(tmp_path, composed, pages):
    lines = push(tmp_path, "iam-lines", 10)
    pages[lines] = 50
    push(tmp_path, "pages-detector", 7)
    first = run(tmp_path).pushed
    pages[lines] = OSError("no variables")
    pages[push(tmp_path, "sample-lines", 11)] = 80
    done = run(tmp_path)
    assert versions(tmp_path) == [first.name, done.pushed.name]
    assert done.error_rate.baseline is None
    assert done.remark == f"not compared with {first}, which does not load: no variables"
    assert told(done.pushed)["remark"] == done.remark
