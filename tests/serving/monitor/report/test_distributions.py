import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.monitor.report import distributions
from serving.monitor.report.distributions import compare
from serving.monitor.report.plots import draw_sides


def of(comparisons, feature):
    return next(each for each in comparisons if each.feature == feature)


def test_alarms_come_first(drifted):
    comparisons = compare(drifted)
    assert [each.feature for each in comparisons[:2]] == ["brightness_mean", "sharpness"]
    assert [each.alarm for each in comparisons[:3]] == [True, True, False]


def test_both_sides_have_one_axis_and_whole_shares(drifted):
    brightness = of(compare(drifted), "brightness_mean")
    then, now = brightness.sides
    assert (then.of, now.of) == ("reference", "now")
    for side in brightness.sides:
        assert side.values.sum() == pytest.approx(1.0)
    # Inverted: all dark, where the reference is all bright.
    assert then.values[12:].sum() == pytest.approx(1.0)
    assert now.values[:12].sum() == pytest.approx(1.0)


def test_a_value_that_is_always_the_same_is_one_bar(clean):
    numbers = {"image_height": np.full(50, 28.0)}
    window = dataclasses.replace(
        clean, reference=None, profile=dataclasses.replace(clean.profile, sampled_numbers=numbers)
    )
    height = of(compare(window), "image_height")
    [now] = height.sides
    assert np.count_nonzero(now.values) == 1
    assert height.edges[np.argmax(now.values)] <= 28 <= height.edges[np.argmax(now.values) + 1]
    assert now.words == "median 28 pixels"


def test_without_a_reference_the_window_before_stands_for_it(drifted):
    window = dataclasses.replace(drifted, reference=None)
    comparisons = compare(window)
    assert [side.of for side in of(comparisons, "sharpness").sides] == ["window before", "now"]
    assert [side.of for side in of(comparisons, "image_format").sides] == ["window before", "now"]


def test_features_without_values_are_left_out(clean):
    numbers = {"latency_ms": np.full(9, np.nan)}
    profile = dataclasses.replace(clean.profile, sampled_numbers=numbers, categories={})
    assert compare(dataclasses.replace(clean, profile=profile)) == []


def test_of_many_categories_those_that_changed_are_shown(clean):
    then = {f"{number:02}": 100 for number in range(40)}
    now = then | {"39": 900, "new": 50}
    window = dataclasses.replace(
        clean,
        previous=dataclasses.replace(clean.profile, categories={"kind": then}),
        profile=dataclasses.replace(clean.profile, categories={"kind": now}),
    )
    kind = of(compare(window), "kind")
    assert len(kind.names) == distributions.MOST_CATEGORIES
    assert {"39", "new"} <= set(kind.names)
    assert "<svg" in draw_sides(kind)[0][1]


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
)
def test_any_values_make_shares(first, second):
    sides = [np.quantile(values, np.linspace(0, 1, 101)) for values in (first, second)]
    edges = distributions._edges(sides)
    assert (np.diff(edges) > 0).all()
    for side in sides:
        shares = distributions._share(side, edges)
        assert shares.sum() == pytest.approx(1.0)
        assert (shares >= -1e-12).all()
