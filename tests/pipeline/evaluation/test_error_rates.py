import math

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types

from pipeline.evaluation.error_rates import METRIC_NAMES, ErrorRates, RatioSums


def sums_of(*lines):
    sums = RatioSums()
    for edits, length in lines:
        sums.add_line(edits, length)
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


def test_metric_on_lines_by_hand():
    truths = [b"the cat sat", b"abc"]
    readings = [b"the cat sit", b""]
    [computation] = ErrorRates(level=0.95, version="1").computations(model_names=[""])
    combiner = computation.combiner
    parts = []
    for truth, reading in zip(truths, readings, strict=True):
        element = metric_types.StandardMetricInputs(
            {tfma.LABELS_KEY: np.array([truth]), tfma.PREDICTIONS_KEY: np.array([reading])}
        )
        parts.append(combiner.add_input(combiner.create_accumulator(), element))
    metrics = combiner.extract_output(combiner.merge_accumulators(parts))
    values = {key.name: value for key, value in metrics.items()}
    assert set(values) == set(METRIC_NAMES)
    # One substitution and three deletions in 11 + 3 characters; two of 3 + 1 words.
    assert values["cer"] == pytest.approx(4 / 14)
    assert values["wer"] == pytest.approx(2 / 4)
    assert values["lines"] == 2
    assert values["cer_lower"] <= values["cer"] <= values["cer_upper"]
