"""What the sections of the report say, read from the pages that the templates make."""

import base64
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.estimate import Estimate
from pipeline.gate import LineGate, SliceLimit
from pipeline.report.render import render
from pipeline.run_result import Baseline, Confusion, StageRun
from tests.pipeline.report.pages import (
    BARE,
    FULL,
    Page,
    bare,
    bare_metric,
    png,
    read,
    reading,
    section,
)
from trainer_module.history import Epoch
from trainer_module.reliability import Reliability
from transforms.calibration import ReliabilityBin


@pytest.mark.parametrize(
    ("blessed", "pushed", "heading"),
    [
        (True, Path("served/7"), "Blessed and pushed"),
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


def test_several_reasons_are_a_list():
    page = render(bare(reasons=("too many errors; far too many", "too slow")))
    assert "<li>too many errors; far too many</li>\n<li>too slow</li>" in page


def test_a_refusal_without_a_reason_says_that_there_is_none():
    assert "recorded no reason" in render(bare(reasons=()))


def test_the_top_says_what_the_model_was_held_to_and_what_it_came_to(full):
    top = read(full[full.index("<header>") : full.index("<main>")])
    assert "What the model was held to" in top
    assert "Character error rate (CER): at most 15.00 %" in top
    assert "5.43 % on 1,200 test lines, champion 6.10 %: certainly better." in top
    assert "Compared with the champion, model 3," in top
    assert "What the model was held to" not in read(render(BARE))


def test_a_first_run_says_that_there_is_no_champion_yet():
    result = bare_metric(baseline=None, change=None)
    text = read(render(result))
    assert "There is no champion yet" in text
    assert "Champion" not in text.replace("There is no champion yet", "")
    assert "This run" in text


@pytest.mark.parametrize("blessed", [False, True])
def test_a_champion_that_cannot_be_measured_is_named_with_the_flaw(blessed):
    result = replace(
        bare_metric(baseline=None, change=None),
        baseline=Baseline(3, "runs/model/3", "it is no longer at runs/model/3"),
        gate=LineGate(),
        blessed=blessed,
    )
    text = read(render(result))
    assert "model 3 at runs/model/3, could not be compared with: it is no longer at" in text
    assert ("The limits alone decided" in text) == blessed
    assert "There is no champion yet" not in text


def test_champion_and_challenger_stand_side_by_side(full):
    text = read(full)
    row = (
        "6.10 % 5.66 to 6.57 % 5.43 % 5.01 to 5.88 % "
        "\N{MINUS SIGN}0.67 \N{MINUS SIGN}0.91 to \N{MINUS SIGN}0.42 certainly better 0.50 15.00 %"
    )
    assert f"Character error rate (CER) {row}" in text
    # What no bound holds comes below, with nothing to hold it to and no picture.
    assert text.index(row) < text.index("Held to no limit") < text.index("Lines without any error")
    table = section(full, "metrics")
    assert [each["aria-label"] for each in Page(table).all("svg")] == ["certainly better"]
    assert "served before it" in text
    assert "serves now" in read(render(replace(FULL, pushed=None)))


def test_units_are_told_where_examples_hang_together(full):
    assert "1,200 lines in 40 groups that are independent of each other" in read(full)
    for examples, units in ((40, 40), (5000, 1000)):  # units are counted up to 1,000
        assert "independent" not in read(render(bare_metric(examples=examples, units=units)))


@pytest.mark.parametrize(("value", "words"), [(math.nan, "not a number"), (math.inf, "infinite")])
def test_values_that_are_no_figures_are_named(value, words):
    nothing = Estimate(value, value, value)
    result = replace(
        bare_metric(candidate=nothing, change=nothing),
        learning_curve=(Epoch(1, value, value, value, value, value),),
        stages=(StageRun("Trainer", "ran", value),),
        readings=(replace(FULL.readings[0], confidence=value),),
    )
    page = read(render(result))
    assert page.count(words) >= 7  # verdict, value, change, confidence, three of the epoch
    assert "no interval" in page
    assert not re.search(r"\bnan\b|\binf\b", page)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("cer", "wer"), "Lower is better."),
        (("accuracy", "line_f1"), "Higher is better."),
        (("line_f1", "line_count_error"), "Lower is better for errors, higher for the rest."),
    ],
)
def test_the_table_says_which_way_is_better(names, said):
    metrics = tuple(replace(FULL.metrics[0], name=name) for name in names)
    assert said in render(bare(metrics=metrics))


def test_a_metric_or_slice_that_was_refused_is_marked():
    overall, other, *slices = FULL.metrics
    metrics = (replace(overall, refused=True), other, slices[0], replace(slices[1], refused=True))
    page = render(replace(FULL, metrics=metrics))
    assert "Character error rate (CER) refused" in read(page)
    assert "unseen refused" in read(page)
    assert page.count('class="is-refused"') == 2
    assert 'class="is-refused"' not in render(FULL)


def test_slices_are_compared_by_the_metric_that_decides(full):
    text = read(section(full, "slices"))
    assert "Words, by whether training lines have them" in text
    assert "unseen 400 8.01 % 7.10 to 9.00 % +3.00 +1.80 to +4.20 2.00 75.00 %" in text
    assert text.index("seen 800") < text.index("unseen 400")


def test_a_slice_with_a_limit_of_its_own_is_explained(full):
    assert "a limit of its own" not in full
    gate = LineGate(slice_limits=(SliceLimit("vocabulary", "seen", 0.1),))
    text = read(render(replace(FULL, gate=gate)))
    assert "one with a limit of its own where its value does." in text
    assert "where vocabulary is seen: at most 10.00 %" in text


def test_ten_thousand_slices_leave_the_page_small():
    writers = tuple(
        replace(FULL.metrics[2], slice_name=f"writer: w{n}", candidate=Estimate(n, n, n))
        for n in range(10_000)
    )
    page = render(replace(FULL, metrics=(*FULL.metrics, *writers)))
    assert "9,990 more are not shown" in page
    assert "w9999" in page
    assert len(page) < len(render(FULL)) + 30_000


def test_lines_are_shown_worst_first_with_what_the_champion_read(full):
    text = read(section(full, "lines"))
    assert text.index("Read worst") < text.index("test/old") < text.index("Drawn at random")
    assert text.index("Drawn at random") < text.index("test/gentle")
    assert '<dt>Champion</dt><dd class="quiet">the same</dd>' in full
    assert "the same 1 edit, confidence" in text
    assert "3 edits, champion 1 edit, confidence 87.50 %" in text
    assert 'dim<ins title="added “e”">e</ins>' in full


def test_line_pictures_carry_their_truth_at_twice_their_size(full):
    pictures = Page(full).all("img")
    assert [picture["alt"] for picture in pictures] == ["dim", "old", "<b>& so", "gentle"]
    assert {picture["width"] for picture in pictures} == {"120"}
    data = pictures[0]["src"].removeprefix("data:image/png;base64,")
    assert base64.b64decode(data) == FULL.readings[0].image_png
    assert full.count('class="picture negative"') == 4  # bright ink on dark is shown as on paper


def test_long_lines_get_the_whole_width():
    long = replace(FULL.readings[0], image_png=png(900))
    assert [each.get("class") for each in Page(render(bare(readings=(long,)))).all("li")] == [
        "wide"
    ]


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


def test_pages_are_shown_with_what_was_found_and_counted_in_words():
    found = replace(reading("2 lines", "1 of 2 lines found, 0 false", 1), overlay=png(90, 120))
    page = render(bare(unit="pages", readings=(found,)))
    assert base64.b64encode(png(90, 120)).decode() in page
    assert base64.b64encode(png()).decode() not in page
    assert "1 of 2 lines found, 0 false" in page
    assert "1 error," in page
    assert 'class="picture negative"' not in page  # would turn green and red into other colours
    assert "Read worst" not in page


def test_confusions_are_counted_for_both_models(full):
    text = read(section(full, "confusions"))
    for title, row in (
        ("Taken for another", "l I 1,200 700"),
        ("Missed", "␣ 30 60"),
        ("Added", "x 2 \N{EN DASH}"),
    ):
        assert text.index(title) < text.index(row)
    assert 'title="small l"' in full
    alone = read(render(bare(confusions=(Confusion("<", "&", 4),))))
    assert "Times < & 4" in alone
    assert "Confusions" not in read(render(BARE))


def test_calibration_on_test_stands_beside_that_on_validation(full):
    text = read(section(full, "calibration"))
    # (600 * 0.1 + 600 * 0) / 1200 = 0.05 on test lines, 0.1 and 0 on validation.
    for judged, error in (
        ("Test lines", 5.0),
        ("Validation lines", 10.0),
        ("Validation characters", 0.0),
    ):
        assert f"{judged} expected calibration error {error} points" in text


def test_calibration_is_drawn_of_whatever_was_judged():
    nothing_read = bare(reliability=Reliability((ReliabilityBin(9, 0.5, 0.4),), ()))
    assert [each["aria-label"] for each in Page(render(nothing_read)).all("svg")] == [
        "Validation lines that were right, by their confidence; "
        "expected calibration error 10.0 points"
    ]
    assert "What a confidence is worth" not in render(BARE)


def test_a_search_is_told_beside_what_it_began_with(tmp_path):
    picture = tmp_path / "search.png"
    picture.write_bytes(png(600, 400))
    brief = {"trial": "3", "validation_error": 0.02, "epochs": 7, "changes": {"dropout": 0.1}}
    before = brief | {"trial": "0", "validation_error": 0.05, "changes": {"dropout": 0.2}}
    search = {
        "algorithm": "hyperband",
        "completed": 9,
        "failed": 1,
        "unfinished": 0,
        "best": brief,
        "defaults": before,
        "picture": str(picture),
    }
    page = render(bare(search=search))
    told = read(section(page, "search"))
    assert "9 trials by hyperband ended well, 1 failed" in told
    assert "2.0" in told
    assert "5.0" in told
    assert "data:image/png" in section(page, "search")
    assert 'id="search"' not in render(bare())
