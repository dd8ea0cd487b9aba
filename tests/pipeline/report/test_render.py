import base64
import dataclasses
import io
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from pipeline.report.render import render, write_report
from pipeline.run_result import (
    Estimate,
    LineageEntry,
    MetricResult,
    Reading,
    RunResult,
    ServedReading,
    SplitSummary,
    StageRun,
)
from trainer_module.history import Epoch
from trainer_module.reliability import Reliability
from transforms.calibration import ReliabilityBin

NOTICE = "They say nothing of real hands."
VOID = {"meta", "img"}


def png(width: int = 60, height: int = 28) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def reading(truth: str, text: str, edits: int) -> Reading:
    return Reading(f"test/{truth}", png(), truth, text, 0.875, edits)


BARE = RunResult(
    pipeline="handwriting-lines",
    run_id="run-7",
    dataset="sample",
    unit="lines",
    error_name="CER",
    synthetic=False,
    command="python local_runner.py --seed 7",
    blessed=False,
    pushed=None,
    reasons=("the stage Transform failed",),
)
FULL = dataclasses.replace(
    BARE,
    synthetic=True,
    blessed=True,
    pushed=Path("served/lines/7"),
    reasons=(),
    metrics=(
        MetricResult("cer", "vocabulary: unseen", 400, Estimate(0.0801, 0.071, 0.09)),
        MetricResult(
            name="cer",
            slice_name="",
            examples=1200,
            candidate=Estimate(0.0543, 0.0501, 0.0588),
            baseline=Estimate(0.061, 0.0566, 0.0657),
            bound=0.15,
            tolerance=0.005,
        ),
    ),
    stages=(StageRun("Transform", "cached", 0.0), StageRun("Trainer", "ran", 185.0)),
    splits=(SplitSummary("train", 20000, 412345, 61234, 312),),
    readings=(
        reading("<b>& so", "<b& sox", 2),
        reading("gentle", "gentle", 0),
        reading("dim", "", 3),
    ),
    reliability=Reliability((ReliabilityBin(9, 0.5, 0.4),), (ReliabilityBin(99, 0.9, 0.9),)),
    learning_curve=(Epoch(1, 40.0, 41.0, 0.5, 2.0, 1e-3), Epoch(2, 4.0, 5.0, 0.1, 2.0, 9e-4)),
    lineage=(
        LineageEntry(7, "Model", "runs/Trainer/model/7", "Trainer", (3, 99)),
        LineageEntry(3, "Examples", "runs/Ingest/examples/3", "Ingest"),
    ),
    facts={"tensorflow": "2.16.2", "seed": "7"},
)


class Page(HTMLParser):
    """Checks that elements nest and close; keeps their attributes and the visible text."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def full() -> str:
    return render(FULL)


def bare(**changes) -> RunResult:
    return dataclasses.replace(BARE, **changes)


def bare_metric(**changes) -> RunResult:
    return bare(metrics=(dataclasses.replace(FULL.metrics[1], **changes),))


def test_the_report_is_written_whole_and_leaves_nothing_beside_it(tmp_path, full):
    path = tmp_path / "reports" / "run.html"
    assert write_report(FULL, path) == path
    assert path.read_text(encoding="utf-8") == full
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_the_earlier_report(tmp_path, monkeypatch):
    path = write_report(BARE, tmp_path / "run.html")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(bare(run_id="run-8"), path)
    assert path.read_text(encoding="utf-8") == render(BARE)
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_result_gives_the_same_page():
    assert render(FULL) == render(FULL)


def test_the_page_needs_no_network(full):
    page = Page(full)
    assert not page.all("script")
    assert not page.all("link")
    for _, attributes in page.elements:
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:image/png;base64,"))
    assert "@import" not in full
    assert not re.search(r"url\((?!#)", full)


def test_ids_are_unique_and_every_anchor_leads_somewhere(full):
    page = Page(full)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"].removeprefix("#") for link in page.all("a")} <= set(ids)


@pytest.mark.parametrize(
    ("blessed", "pushed", "heading"),
    [
        (True, Path("served/7"), "Pushed"),
        (True, None, "Blessed, not pushed"),
        (False, None, "Not blessed"),
    ],
)
def test_the_verdict_and_its_reason_stand_on_top(blessed, pushed, heading):
    result = bare(blessed=blessed, pushed=pushed, reasons=("because <so>",))
    page = render(result)
    assert f"<h1>{heading}</h1>" in page
    assert page.index("because &lt;so&gt;") < page.index("<main>")
    for text in ("handwriting-lines", "run-7", "sample", "python local_runner.py --seed 7"):
        assert text in Page(page).text


def test_a_refusal_without_a_reason_says_that_there_is_none():
    assert "recorded no reason" in render(bare(reasons=()))


def test_synthetic_figures_are_called_so_on_top_and_beside_the_metrics(full):
    top, metrics = (found.start() for found in re.finditer(re.escape(NOTICE), full))
    assert top < full.index("<main>")
    assert full.index('id="metrics"') < metrics < full.index('id="lines"')
    assert NOTICE not in render(bare(synthetic=False))


def test_metrics_are_percentages_with_the_slices_below(full):
    text = Page(full).text.replace("\N{NO-BREAK SPACE}", " ")
    # 5.43 - 6.10 = -0.67 points.
    row = "5.43 % 5.01 to 5.88 % 6.10 % 5.66 to 6.57 % \N{MINUS SIGN}0.67 15.00 % 0.50 1,200"
    assert row in text
    assert text.index(row) < text.index("vocabulary: unseen")
    assert "no baseline yet" not in text


def test_a_first_run_says_that_there_is_no_baseline_yet():
    text = Page(render(bare_metric(baseline=None))).text
    assert text.count("no baseline yet") == 3  # verdict, caption, table


@pytest.mark.parametrize(
    ("candidate", "shown"), [(0.061, "0.00"), (0.06099999, "0.00"), (0.071, "+1.00")]
)
def test_a_difference_has_a_sign_unless_it_is_nothing(candidate, shown):
    page = render(bare_metric(candidate=Estimate(candidate, 0.05, 0.08)))
    assert f'data-label="Difference">{shown}</td>' in page


@pytest.mark.parametrize(("value", "words"), [(math.nan, "not a number"), (math.inf, "infinite")])
def test_values_that_are_no_figures_are_named(value, words):
    result = dataclasses.replace(
        bare_metric(candidate=Estimate(value, value, value)),
        learning_curve=(Epoch(1, value, value, value, value, value),),
        stages=(StageRun("Trainer", "ran", value),),
        readings=(dataclasses.replace(FULL.readings[0], confidence=value),),
    )
    page = Page(render(result)).text
    assert page.count(words) >= 7  # verdict, value, difference, confidence, three of the epoch
    assert "no interval" in page
    assert not re.search(r"\bnan\b|\binf\b", page)


def test_line_pictures_carry_their_truth_at_twice_their_size(full):
    pictures = Page(full).all("img")
    assert [picture["alt"] for picture in pictures] == ["<b>& so", "gentle", "dim"]
    assert {picture["width"] for picture in pictures} == {"120"}
    data = pictures[0]["src"].removeprefix("data:image/png;base64,")
    assert base64.b64decode(data) == FULL.readings[0].image_png


def test_texts_are_escaped_and_edits_marked_by_more_than_colour(full):
    assert "<b>" not in full
    assert 'dir="auto">&lt;b&gt;&amp; so</dd>' in full
    # <b>& so read as <b& sox: ">" is missed, "x" is added.
    assert '&lt;b<del title="missed “&gt;”">&gt;</del>&amp; so' in full
    assert ' so<ins title="added “x”">x</ins></dd>' in full
    assert '<del title="missed “dim”">dim</del>' in full
    assert "(nothing read)" in full
    assert "read correctly" in full


def test_the_marks_of_a_reading_add_no_space_to_it():
    result = bare(readings=(reading("a b c", "a x cd", 2),))
    line = re.search(
        r'<dt>Reading</dt><dd class="text" dir="auto">(.*?)</dd>', render(result), re.S
    )
    assert line
    assert re.sub(r"<[^>]*>", "", line.group(1)) == "a x cd"


def test_the_served_question_shows_both_answers(tmp_path):
    picture = tmp_path / "line.png"
    picture.write_bytes(png(100, 56))
    served = ServedReading(picture, "home", "home", 0.962, "hone", 0.9)
    page = render(bare(served=served))
    image = Page(page).all("img")[0]
    assert (image["alt"], image["width"]) == ("home", "100")
    assert 'ho<mark title="read “n” instead of “m”">n</mark>e' in page
    assert "confidence 96.20" in page


def test_a_picture_that_is_gone_or_broken_does_not_stop_the_report(tmp_path):
    served = ServedReading(tmp_path / "gone.png", "home", "home", 0.9, "home", 0.9)
    broken = dataclasses.replace(FULL.readings[0], image_png=b"no picture")
    page = render(bare(served=served, readings=(broken,)))
    assert "gone.png" in page
    assert "This picture is not readable." in page
    assert not Page(page).all("img")


def test_stages_tell_cached_from_run(full):
    assert re.search(r'class="state-cached"><th scope="row">Transform</th><td>cached</td>', full)
    assert re.search(r'Trainer</th><td>ran</td>\s*<td class="number">3 min 05 s</td>', full)
    assert re.search(r'Together</th><td></td><td class="number">3 min 05 s</td>', full)


def test_lineage_runs_from_the_sources_down_and_links_what_it_lists(full):
    graph = full[full.index('<ol class="graph">') :]
    assert graph.index("Examples 3") < graph.index("Model 7")
    assert '<a href="#artifact-3">3</a>, 99' in full  # 99 is no listed artifact


def test_a_cyclic_lineage_is_shown_all_the_same():
    cycle = (LineageEntry(1, "A", "a", "P", (2,)), LineageEntry(2, "B", "b", "Q", (1,)))
    assert "B 2" in Page(render(bare(lineage=cycle))).text


def test_a_run_that_came_to_nothing_reads_well():
    text = Page(render(BARE)).text
    for sentence in (
        "This run measured nothing",
        "Nothing of the test split was kept",
        "No epoch was recorded",
        "No split was recorded",
        "No stage was recorded",
        "No artifact was recorded",
        "No version, seed or parameter",
    ):
        assert sentence in text
    assert "<svg" not in render(BARE)


def test_reliability_is_drawn_of_whatever_was_judged(full):
    assert "What a confidence is worth" in full
    assert full.count("off on average") == 2
    nothing_read = bare(reliability=Reliability((ReliabilityBin(9, 0.5, 0.4),), ()))
    assert render(nothing_read).count("off on average") == 1
    assert "What a confidence is worth" not in render(BARE)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("cer", "wer"), "Lower is better."),
        (("accuracy", "line_f1"), "Higher is better."),
        (("line_f1", "line_count_error"), "Higher is better, of errors lower."),
    ],
)
def test_the_table_says_which_way_is_better(names, said):
    metrics = tuple(dataclasses.replace(FULL.metrics[1], name=name) for name in names)
    assert said in render(bare(metrics=metrics))


def test_pages_are_shown_with_what_was_found_and_counted_in_words():
    found = dataclasses.replace(
        reading("2 lines", "1 of 2 lines found, 0 false", 1), overlay=png(90, 120)
    )
    page = render(bare(unit="pages", readings=(found,)))
    assert base64.b64encode(png(90, 120)).decode() in page
    assert base64.b64encode(png()).decode() not in page
    assert "1 of 2 lines found, 0 false" in page
    assert "1 error," in page
