import math

import pytest

from pipeline.estimate import Estimate
from pipeline.report import intervals
from serving.html_page import figures

SPACE = "\N{NO-BREAK SPACE}"


def test_fractions_are_percentages():
    assert figures.percent(0.05434) == f"5.43{SPACE}%"
    assert figures.percent(1.5, 0) == f"150{SPACE}%"
    assert intervals.interval(Estimate(0.2, 0.1, 0.3)) == f"10.00 to 30.00{SPACE}%"


@pytest.mark.parametrize(
    ("difference", "shown"),
    [(0.01, "+1.00"), (-0.0067, "\N{MINUS SIGN}0.67"), (0.0, "0.00"), (-1e-9, "0.00")],
)
def test_a_difference_has_a_sign_unless_it_is_nothing(difference, shown):
    assert intervals.points(difference) == shown


def test_sizes_and_intervals_of_differences_are_points():
    assert intervals.plain_points(0.005) == "0.50"
    assert intervals.points_interval(Estimate(0.0, -0.01, 0.02)) == "\N{MINUS SIGN}1.00 to +2.00"


@pytest.mark.parametrize(("value", "words"), [(math.nan, "not a number"), (math.inf, "infinite")])
def test_what_is_no_figure_is_named(value, words):
    assert figures.percent(value) == intervals.points(value) == figures.decimal(value) == words
    estimate = Estimate(0.1, 0.0, value)
    assert intervals.interval(estimate) == intervals.points_interval(estimate) == "no interval"


def test_decimals_have_four_significant_digits():
    assert figures.decimal(0.00123456) == "0.001235"
