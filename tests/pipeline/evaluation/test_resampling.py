import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.resampling import (
    UNITS_TOLD,
    ResampledSums,
    divide,
    draw_weights,
    interval,
)

RESAMPLES = 400


def sums_of(rows, units=None, resamples=RESAMPLES):
    """Sums rows up; each is a unit of its own unless units are named."""
    sums = ResampledSums(len(rows[0]), resamples)
    for number, row in enumerate(rows):
        example = f"line {number}"
        sums.add(units[number] if units else example, example, np.array(row))
    return sums


def bounds_of(sums, level=0.95):
    (above, below), (edits, length) = sums.resampled(), sums.totals()
    value = edits / length if length else math.nan
    return interval(value, divide(above, below), sums.units, level)


def test_weights_are_poisson_of_mean_one_and_follow_from_the_name():
    weights = draw_weights("emnist writer 7", 200_000)
    shares = np.bincount(weights) / len(weights)
    expected = [math.exp(-1) / math.factorial(count) for count in range(5)]
    np.testing.assert_allclose(shares[:5], expected, atol=0.005)
    # Pinned: other numbers would make verdicts differ between machines.
    assert draw_weights("a", 8).tolist() == draw_weights("a", 16)[:8].tolist()
    assert draw_weights("a", 8).tolist() != draw_weights("b", 8).tolist()


def test_totals_are_plain_sums():
    sums = sums_of([(1, 10), (3, 10)])
    assert sums.totals().tolist() == [4, 20]
    assert (sums.examples, sums.units) == (2, 2)
    weights = [draw_weights(f"line {number}", RESAMPLES).astype(float) for number in (0, 1)]
    np.testing.assert_array_equal(sums.resampled()[0], weights[0] + 3 * weights[1])


@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), min_size=1, max_size=30),
    units=st.lists(st.sampled_from("abc"), min_size=30, max_size=30),
    cut=st.integers(0, 30),
)
def test_sums_of_parts_add_up_in_any_order(rows, units, cut):
    names = [f"line {number}" for number in range(len(rows))]
    parts = [ResampledSums(2, 100) for _ in range(2)]
    for number, row in enumerate(rows):
        parts[number >= cut].add(units[number], names[number], np.array(row))
    whole = sums_of(rows, units, resamples=100)
    parts[1].add_sums(parts[0])
    np.testing.assert_array_equal(parts[1].totals(), whole.totals())
    np.testing.assert_array_equal(parts[1].resampled(), whole.resampled())
    assert (parts[1].examples, parts[1].units) == (whole.examples, whole.units)


def test_intervals_of_lines_cover_the_true_rate_as_often_as_they_say():
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(300):
        lengths = rng.integers(5, 35, 200)
        edits = rng.binomial(lengths, 0.08)
        units = [f"{trial} {number}" for number in range(200)]
        lower, upper = bounds_of(sums_of(list(zip(edits, lengths, strict=True)), units))
        covered += lower <= 0.08 <= upper
    assert 0.92 <= covered / 300 <= 0.98


@pytest.mark.parametrize("writers", [3, 6, 20, 40])
def test_intervals_of_few_writers_cover_the_true_rate_too(writers):
    """Hands differ: 12 lines of each writer share a rate of their own."""
    rng = np.random.default_rng(writers)
    covered = by_line = 0
    for trial in range(300):
        rates = np.repeat(rng.beta(2, 18, writers), 12)
        edits = rng.binomial(30, rates)
        rows = [(each, 30) for each in edits]
        names = [f"{trial} {number // 12}" for number in range(len(rows))]
        lower, upper = bounds_of(sums_of(rows, names))
        covered += lower <= 0.1 <= upper
        lower, upper = bounds_of(sums_of(rows, [f"{trial} {n}" for n in range(len(rows))]))
        by_line += lower <= 0.1 <= upper
    assert covered / 300 >= 0.9
    # As if lines were independent, the intervals would be far too sure.
    assert by_line / 300 < covered / 300 - 0.1


def test_of_one_unit_the_examples_are_resampled():
    rows = [(1, 10), (3, 10), (0, 10)]
    alone = sums_of(rows, ["writer"] * 3)
    assert alone.units == 3
    np.testing.assert_array_equal(alone.resampled(), sums_of(rows).resampled())


def test_units_are_counted_up_to_a_thousand():
    assert sums_of([(0, 1)] * (UNITS_TOLD + 5), resamples=100).units == UNITS_TOLD


def test_nothing_is_known_of_fewer_than_two():
    assert bounds_of(sums_of([(1, 5)])) == (-math.inf, math.inf)
    assert np.isnan(divide(np.zeros(2), np.zeros(2))).all()


def test_a_higher_level_and_fewer_units_widen_the_interval():
    values = np.random.default_rng(1).normal(size=10_000)
    narrow, wide = interval(0, values, 1000, 0.9), interval(0, values, 1000, 0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    np.testing.assert_allclose(narrow, (-1.645, 1.645), atol=0.08)
    # Student's t at 4 degrees of freedom, 2.13, widened by sqrt(5 / 4).
    np.testing.assert_allclose(interval(0, values, 5, 0.9), (-2.38, 2.38), atol=0.15)
    assert interval(0, values, 5, 0.9, (-1.0, 1.0)) == (-1.0, 1.0)
