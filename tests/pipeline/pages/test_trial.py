import json

import pytest

from pipeline.pages import trial
from pipeline.pages.error_rate import PageEdits
from pipeline.pages.gate import MeasuredPage
from pipeline.pages.trial import try_page_reader
from pipeline.workspace import Workspace
from serving.model_folder import add_version


@pytest.fixture
def edits(monkeypatch, tmp_path):
    """Stands in for composing and reading, which have tests of their own.

    A servable is known by the name of its line model: `edits` of 100 characters on each of two
    pages, or the error that loading it raises.
    """
    made = {}

    def compose(detector, lines, base_path):
        def write(folder):
            (folder / "assets.extra").mkdir(parents=True)
            card = json.dumps({"lines": lines.name})
            (folder / "assets.extra" / "model_card.json").write_text(card)
            (folder / "saved_model.pb").write_text("page")

        return add_version(base_path, write)

    def load(servable):
        found = made[card_of(servable)["lines"]]
        if isinstance(found, Exception):
            raise found
        return found

    def measure(examples, readers):
        counts = tuple(PageEdits(reader, 100) for reader in readers)
        return [MeasuredPage(name, name, counts) for name in ("test/p1", "test/p2")]

    (tmp_path / "pushed").mkdir()
    for name, function in (
        ("compose_page", compose),
        ("load_reader", load),
        ("measure_pages", measure),
        ("find_test_pages", lambda *_: tmp_path),
    ):
        monkeypatch.setattr(trial, name, function)
    return made


@pytest.fixture
def attempt(tmp_path):
    """Tries the servable of a line model."""

    def run(name, present=None):
        base_path = tmp_path / "pushed" / "pages"
        detector = tmp_path / "pages-detector" / "7"
        return try_page_reader(detector, tmp_path / name, base_path, present, Workspace(tmp_path))

    return run


def card_of(servable):
    return json.loads((servable / "assets.extra" / "model_card.json").read_text())


def test_the_first_is_held_to_nothing_and_its_figures_go_with_it(edits, attempt, tmp_path):
    edits["first"] = 50
    done = attempt("first")
    assert done.pushed.parent == tmp_path / "pushed" / "pages"
    assert done.error_rate.candidate.value == 0.5
    assert done.error_rate.pages_of == "pages-detector"
    assert done.remark is None
    card = card_of(done.pushed)
    assert card["lines"] == "first"
    assert card["page_error_rate"]["value"] == 0.5
    assert card["page_error_rate"]["baseline"] is None


def test_one_a_little_worse_is_pushed(edits, attempt):
    edits |= {"first": 50, "second": 51}
    present = attempt("first").pushed
    done = attempt("second", present)
    assert int(done.pushed.name) > int(present.name)
    assert done.error_rate.change.value == pytest.approx(0.01)
    assert card_of(done.pushed)["page_error_rate"]["baseline"]["value"] == 0.5


def test_one_that_reads_pages_worse_is_refused_and_leaves_nothing(edits, attempt, tmp_path):
    edits |= {"first": 50, "second": 80}
    present = attempt("first").pushed
    done = attempt("second", present)
    assert done.pushed is None
    assert done.remark == done.error_rate.reason
    assert "80.00% of 200 characters" in done.remark
    assert list((tmp_path / "pushed").iterdir()) == [present.parent]
    assert list(present.parent.iterdir()) == [present]


def test_pages_that_are_gone_leave_it_unmeasured(edits, attempt, monkeypatch):
    monkeypatch.setattr(trial, "find_test_pages", lambda *_: None)
    done = attempt("first")
    assert done.error_rate is None
    assert done.remark.startswith("not measured: no test pages of the run that pushed the detector")
    assert card_of(done.pushed)["page_error_rate"] == {"remark": done.remark}


def test_pages_without_texts_leave_it_unmeasured(edits, attempt, monkeypatch):
    edits["first"] = 50
    monkeypatch.setattr(trial, "measure_pages", lambda *_: [])
    done = attempt("first")
    assert done.error_rate is None
    assert done.remark == "not measured: the test pages of pages-detector have no texts"
    assert card_of(done.pushed)["page_error_rate"] == {"remark": done.remark}


def test_a_servable_that_no_longer_loads_is_no_baseline(edits, attempt):
    edits |= {"first": 50, "second": 80}
    present = attempt("first").pushed
    edits["first"] = OSError("no variables")
    done = attempt("second", present)
    assert done.pushed is not None
    assert done.error_rate.baseline is None
    assert done.remark == f"not compared with {present}, which does not load: no variables"
    assert card_of(done.pushed)["page_error_rate"]["remark"] == done.remark
