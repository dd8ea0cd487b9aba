import numpy as np
import pytest

from serving.monitor.bins import CategoryBins
from serving.monitor.divergence import measure_distance
from serving.monitor.thresholds import (
    UNSURE,
    NullDistribution,
    calibrate_alone,
    calibrate_drift,
    calibrate_skew,
)
from tests.serving.monitor.clean import make_profile, make_reference


@pytest.fixture(scope="module")
def reference():
    return make_reference()


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_the_rate_is_that_of_any_alarm_at_all(rate):
    chance = np.random.default_rng(0)
    shared = chance.normal(size=5000)
    null = NullDistribution(
        {str(number): shared * number + chance.normal(size=5000) for number in range(12)}
    )
    thresholds = null.thresholds(rate)
    alarms = np.any([each > thresholds[name] for name, each in null.measures.items()], axis=0)
    assert rate / 2 < alarms.mean() <= rate


def test_features_that_never_vary_cost_nothing():
    alone = {"varies": np.random.default_rng(0).normal(size=1000)}
    with_constants = alone | {f"constant {number}": np.zeros(1000) for number in range(50)}
    thresholds = NullDistribution(with_constants).thresholds(0.05)
    assert thresholds["varies"] == NullDistribution(alone).thresholds(0.05)["varies"]
    assert thresholds["constant 3"] == 0


def test_p_values_count_the_measure_itself():
    null = NullDistribution({"a": np.arange(99.0)})
    assert null.p_value("a", 1000.0) == 0.01
    assert null.p_value("a", 89.0) == 0.11
    assert null.p_value("a", -1.0) == 1.0


def test_nothing_to_calibrate_has_no_thresholds():
    assert NullDistribution({}).thresholds(0.01) == {}


def test_fresh_windows_lie_as_far_as_resamples_do(reference):
    name = "sharpness"
    null = calibrate_skew(reference, (name,), 200, 2000, 0).measures[name]
    before = reference.totals[name]
    fresh = [
        measure_distance(
            reference.bins[name], before, make_profile(reference, 200, seed).counts[name]
        )
        for seed in range(150)
    ]
    assert np.mean(fresh) == pytest.approx(null.mean(), rel=0.15)


def test_larger_windows_have_lower_thresholds(reference):
    names = ("sharpness", UNSURE)
    small, large = (
        calibrate_skew(reference, names, size, 400, 0).thresholds(0.05) for size in (50, 2000)
    )
    assert all(large[name] < small[name] for name in names)


def test_a_seed_decides_the_resamples(reference):
    first, same, other = (
        calibrate_drift(reference, ("ink_ratio",), (80, 90), 20, seed).measures["ink_ratio"]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_a_feature_that_no_reference_has_is_calibrated_by_both_windows():
    bins = CategoryBins(("png", "jpeg"))
    null = calibrate_alone(bins, np.array([90, 10, 0]), np.array([70, 30, 0]), 4000, 0)
    # The difference of two shares of 0.2 of 100 requests each: standard deviation 0.0566.
    assert np.sqrt((null**2).mean()) == pytest.approx(0.0566, rel=0.05)
