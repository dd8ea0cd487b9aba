import json

import pytest

from pipeline.pages.error_rate import PageEdits
from pipeline.pages.gate import MeasuredPage, compare_pages
from pipeline.pages.result import TOLERANCE

NAME = "pages-detector"


def measured(*pages):
    """Pages of 100 characters, each of its own, as edits of the candidate and of the baseline."""
    return [
        MeasuredPage(f"test/p{n}", f"test/p{n}", tuple(PageEdits(each, 100) for each in edits))
        for n, edits in enumerate(pages)
    ]


def test_rates_are_sums_over_sums():
    first = MeasuredPage("p1", "p1", (PageEdits(10, 100), PageEdits(20, 100)))
    second = MeasuredPage("p2", "p2", (PageEdits(2, 20), PageEdits(0, 20)))
    blank = MeasuredPage("p3", "p3", (PageEdits(3, 0), PageEdits(0, 0)))
    rate = compare_pages([first, second, blank], NAME)
    assert (rate.pages_of, rate.pages, rate.characters) == (NAME, 3, 120)
    assert rate.candidate.value == pytest.approx(15 / 120)
    assert rate.baseline.value == pytest.approx(20 / 120)
    assert rate.change.value == pytest.approx(-5 / 120)


def test_the_first_servable_is_compared_with_nothing():
    rate = compare_pages(measured([90], [80]), NAME)
    assert rate.candidate.value == pytest.approx(0.85)
    assert rate.candidate.lower < 0.85 < rate.candidate.upper
    assert rate.baseline is rate.change is rate.reason is None


@pytest.mark.parametrize(("edits", "refused"), [(49, False), (50, False), (52, False), (53, True)])
def test_only_what_is_worse_by_more_than_the_tolerance_is_refused(edits, refused):
    assert TOLERANCE == 0.02
    rate = compare_pages(measured((edits, 50), (edits, 50)), NAME)
    assert bool(rate.reason) == refused


def test_the_reason_names_both_rates_and_the_pages():
    reason = compare_pages(measured((60, 40), (40, 30)), NAME).reason
    assert reason == (
        "the error rate on whole pages, 50.00% of 200 characters, is more than 2.00% above the "
        "35.00% of the pushed servable on the same 2 test pages of pages-detector"
    )


def test_pages_are_compared_in_pairs():
    # Hard pages are hard for both: the rates spread widely, their difference does not at all.
    rate = compare_pages(measured(*((edits + 1, edits) for edits in (5, 20, 50, 80, 95))), NAME)
    assert rate.candidate.upper - rate.candidate.lower > 0.3
    assert (rate.change.lower, rate.change.upper) == pytest.approx((0.01, 0.01))


def test_pages_of_one_writer_are_drawn_together():
    pages = [MeasuredPage(f"p{n}", f"w{n // 2}", (PageEdits(5 * n, 100),)) for n in range(20)]
    alone = [MeasuredPage(page.sample_id, page.sample_id, page.edits) for page in pages]
    together, apart = (compare_pages(each, NAME).candidate for each in (pages, alone))
    assert together.upper - together.lower > apart.upper - apart.lower


def test_a_single_page_leaves_the_interval_open_in_strict_json():
    told = compare_pages(measured((50, 60)), NAME).as_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == {
        "pages_of": NAME,
        "pages": 1,
        "characters": 100,
        "value": 0.5,
        "lower": 0.0,
        "upper": None,
        "baseline": {"value": 0.6, "lower": 0.0, "upper": None},
        "change": {"value": pytest.approx(-0.1), "lower": None, "upper": None},
        "tolerance": TOLERANCE,
    }
