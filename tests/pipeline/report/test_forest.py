import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.forest import (
    HEIGHT,
    WIDTH,
    Scale,
    describe_change,
    draw_change,
    draw_value,
    shared_reach,
    value_scale,
)
from tests.pipeline.report.metric_results import metric

FRACTIONS = st.floats(-2, 2)


def shapes(svg: str, kind: str) -> list[dict[str, str]]:
    return [part.attrib for part in ET.fromstring(svg) if part.attrib["class"] == kind]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((-0.05, -0.06, -0.04), "certainly better"),
        ((0.0, 0.0, 0.0), "the same"),
        ((0.0, -0.01, 0.02), "no worse than the tolerance allows"),
        ((0.01, 0.005, 0.015), "worse, within the tolerance"),
        ((0.01, -0.01, 0.03), "may be worse by more than the tolerance"),
        ((0.05, 0.03, 0.07), "certainly worse by more than the tolerance"),
        ((0.05, math.nan, math.nan), "not known well enough"),
    ],
)
def test_words_say_what_the_interval_rules_out(change, words):
    assert describe_change(metric(change)) == words
    value, lower, upper = change
    # Where more is better the same harm has the other sign.
    assert describe_change(metric((-value, -upper, -lower), name="accuracy")) == words


def test_without_a_tolerance_only_certainty_is_told():
    assert describe_change(metric((0.01, 0.005, 0.02), tolerance=None)) == "certainly worse"
    assert describe_change(metric((0.01, -0.01, 0.02), tolerance=None)) == "no certain change"
    assert describe_change(metric()) == ""


def test_a_change_is_drawn_against_zero_and_the_tolerance_with_worse_on_the_right():
    # 4 tolerances of 2 points to either side: a point is 200 / 16 = 12.5 wide, 0 at 100.
    for each in (
        metric((0.01, -0.02, 0.03)),
        metric((-0.01, -0.03, 0.02), name="accuracy"),
    ):
        svg = draw_change(each, 4.0)
        assert shapes(svg, "zero")[0]["x1"] == "100.0"
        assert shapes(svg, "limit")[0]["x1"] == shapes(svg, "zone-bad")[0]["x"] == "125.0"
        [bar] = shapes(svg, "span")
        assert (bar["x"], bar["width"]) == ("75.0", "62.5")
        [dot] = shapes(svg, "dot")
        assert dot["cx"] == "112.5"


def test_what_lies_beyond_the_drawing_ends_in_an_arrow():
    svg = draw_change(metric((0.3, -0.01, 0.6)), 4.0)
    [arrow] = shapes(svg, "dot")  # and no dot for the value, which lies beyond as well
    assert arrow["d"].startswith(f"M{WIDTH} ")
    assert shapes(svg, "span")[0]["x"] == "87.5"
    assert len(shapes(draw_change(metric((0.0, -0.3, 0.3)), 4.0), "dot")) == 3


def test_no_interval_leaves_the_value_and_no_value_nothing():
    svg = draw_change(metric((0.01, math.nan, math.nan)), 4.0)
    assert not shapes(svg, "span")
    assert shapes(svg, "dot")
    assert draw_change(metric((math.nan,) * 3), 4.0) == draw_change(metric(), 4.0) == ""


def test_a_tolerance_of_nothing_is_at_zero():
    svg = draw_change(metric((0.01, 0.0, 0.02), tolerance=0.0), 4.0)
    assert shapes(svg, "limit")[0]["x1"] == shapes(svg, "zero")[0]["x1"]
    assert not shapes(draw_change(metric((0.01, 0.0, 0.02), tolerance=None), 4.0), "limit")


def test_the_reach_holds_all_intervals_within_reason():
    assert shared_reach([]) == shared_reach([metric()]) == 2
    assert shared_reach([metric((0.0, -0.1, 0.06))]) == pytest.approx(1.1 * 5)  # 0.1 / 0.02
    assert shared_reach([metric((0.9, 0.8, 1.0)), metric((0.0, math.nan, math.inf))]) == 12


def test_values_share_a_scale_on_which_worse_is_to_the_right():
    slices = [metric(value=(0.2, 0.1, 0.3)), metric(value=(0.4, math.nan, math.nan))]
    scale = value_scale(slices)
    assert (scale.good, scale.bad) == (pytest.approx(0.085), pytest.approx(0.415))  # 5 % more
    scale = value_scale([metric(name="accuracy", value=(0.8, 0.7, 0.9))])
    assert scale.good > scale.bad
    assert value_scale([]).good < value_scale([]).bad
    single = value_scale([metric(value=(0.2, 0.2, 0.2))])
    assert single.good < 0.2 < single.bad


def test_a_slice_is_drawn_with_the_value_on_all_examples_and_its_limit():
    svg = draw_value(metric(value=(0.2, 0.1, 0.3), bound=0.4), 0.15, Scale(0.0, 0.5))
    assert shapes(svg, "zero")[0]["x1"] == "60.0"
    assert shapes(svg, "limit")[0]["x1"] == "160.0"
    assert shapes(svg, "span")[0]["x"] == "40.0"
    assert ET.fromstring(svg).attrib["aria-label"] == "worse than on all examples"
    far = draw_value(metric(value=(0.2, 0.1, 0.3), bound=0.9), math.nan, Scale(0.0, 0.5))
    assert not shapes(far, "limit") + shapes(far, "zero")
    assert draw_value(metric(value=(math.nan,) * 3), 0.15, Scale(0.0, 0.5)) == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cer", 0.1, "better than on all examples"),
        ("accuracy", 0.1, "worse than on all examples"),
        ("cer", 0.2, "as on all examples"),
    ],
)
def test_a_slice_is_compared_in_words(name, value, words):
    svg = draw_value(metric(name=name, value=(value, 0.0, 0.3)), 0.2, Scale(0.0, 1.0))
    assert ET.fromstring(svg).attrib["aria-label"] == words


@given(st.tuples(FRACTIONS, FRACTIONS, FRACTIONS).map(sorted), st.floats(2, 12))
def test_nothing_is_drawn_outside(ends, reach):
    lower, value, upper = ends
    svg = draw_change(metric((value, lower, upper)), reach)
    for bar in (*shapes(svg, "span"), *shapes(svg, "zone-good"), *shapes(svg, "zone-bad")):
        assert float(bar["x"]) >= 0
        assert float(bar["x"]) + float(bar["width"]) <= WIDTH + 1.1  # a bar is seen at the edge
        assert 0 <= float(bar["y"]) <= float(bar["y"]) + float(bar["height"]) <= HEIGHT
