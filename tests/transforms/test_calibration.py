import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from transforms.calibration import (
    Calibration,
    ReliabilityBin,
    calibration_error,
    cross_calibrate,
    fit_calibration,
    reliability,
)


def overconfident(count, seed=0):
    """Log odds that are three times too high, and what came true."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(scale=2, size=count)
    return 3 * odds[:, None], rng.random(count) < expit(odds)


def test_finds_the_weight_that_was_hidden():
    evidence, right = overconfident(20_000)
    found = fit_calibration(evidence, right)
    assert found.weights[0] == pytest.approx(1 / 3, abs=0.02)
    assert found.bias == pytest.approx(0, abs=0.05)


def test_a_constant_rate_becomes_the_bias():
    found = fit_calibration(np.zeros((4000, 1)), np.arange(4000) % 4 > 0)
    assert found.apply([[0.0]])[0] == pytest.approx(0.75, abs=1e-3)


def test_nothing_seen_changes_nothing():
    found = fit_calibration(np.zeros((0, 2)), [])
    assert found == Calibration((1.0, 0.0), 0.0)


def test_separable_evidence_stays_finite():
    found = fit_calibration([[-2.0], [-1.0], [1.0], [2.0]] * 50, [False, False, True, True] * 50)
    assert np.all(np.isfinite(found.apply([[-9.0], [0.1], [9.0]])))
    assert np.all(np.diff(found.apply([[-2.0], [0.0], [2.0]])) > 0)


def test_calibrated_confidences_are_right_as_often_as_they_say():
    evidence, right = overconfident(8000)
    confidences = cross_calibrate(evidence, right, np.arange(8000))
    raw = reliability(Calibration((1.0,)).apply(evidence), right)
    assert calibration_error(reliability(confidences, right)) < 0.02
    assert calibration_error(raw) > 0.05


def test_each_half_is_judged_by_the_other():
    # Odd groups are always right, even ones never: each half expects what the other one had.
    confidences = cross_calibrate(np.zeros((2000, 1)), np.arange(2000) % 2 == 1, np.arange(2000))
    assert np.all(confidences[1::2] < 0.1)
    assert np.all(confidences[::2] > 0.9)


def test_bins_by_hand():
    bins = reliability([0.9, 0.1, 0.2, 0.8], [True, False, True, False], bins=2)
    assert bins == (
        ReliabilityBin(2, pytest.approx(0.15), 0.5),
        ReliabilityBin(2, pytest.approx(0.85), 0.5),
    )
    assert calibration_error(bins) == pytest.approx(0.35)


def test_fewer_confidences_than_bins():
    assert [each.count for each in reliability([0.5, 0.6], [True, False])] == [1, 1]
    assert reliability([], []) == ()
    with pytest.raises(ValueError, match="at least one bin"):
        calibration_error(())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=1, max_size=60))
def test_bins_hold_everything_once_in_order(observed):
    confidences, right = zip(*observed, strict=True)
    bins = reliability(confidences, right)
    assert sum(each.count for each in bins) == len(observed)
    assert sum(each.count * each.accuracy for each in bins) == pytest.approx(sum(right))
    assert all(np.diff([each.confidence for each in bins]) >= 0)
    found = fit_calibration(logit(np.array(confidences))[:, None], right)
    assert np.all((found.apply([[-20.0], [20.0]]) >= 0) & (found.apply([[-20.0], [20.0]]) <= 1))
