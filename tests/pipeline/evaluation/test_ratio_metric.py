import math

import numpy as np
import pytest

from pipeline.evaluation.ratio_metric import RatioSums


def sums_of(*lines):
    sums = RatioSums()
    for edits, length in lines:
        sums.add_example(edits, length)
    return sums


def test_rate_is_edits_over_length_not_a_mean_of_rates():
    # (1 + 0) / (2 + 8) = 0.1; the mean of the two lines' rates would be 0.25.
    assert sums_of((1, 2), (0, 8)).rate() == pytest.approx(0.1)


def test_interval_by_hand():
    # Lines (1, 10), (3, 10): rate 0.2; residuals 1 - 2 and 3 - 2, their squares sum to 2;
    # variance 2 / (2 - 1) * 2 / 20^2 = 0.01; reach 1.96 * 0.1.
    lower, upper = sums_of((1, 10), (3, 10)).interval(0.95)
    assert lower == pytest.approx(0.2 - 0.196, abs=1e-4)
    assert upper == pytest.approx(0.2 + 0.196, abs=1e-4)


def test_interval_covers_the_true_rate_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        lengths = rng.integers(5, 35, 200)
        edits = rng.binomial(lengths, 0.08)
        lower, upper = sums_of(*zip(edits, lengths, strict=True)).interval(0.95)
        covered += lower <= 0.08 <= upper
    assert 0.92 <= covered / 400 <= 0.98


def test_nothing_to_read_is_not_a_perfect_score():
    assert math.isnan(RatioSums().rate())
    assert all(math.isnan(bound) for bound in sums_of((1, 5)).interval(0.95))


def test_sums_of_parts_add_up():
    lines = [(1, 4), (0, 7), (9, 3)]
    merged = sums_of(lines[0])
    merged.add_sums(sums_of(*lines[1:]))
    assert merged == sums_of(*lines)
