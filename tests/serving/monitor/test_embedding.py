import numpy as np
import pytest

from serving.monitor.embedding import measure_discrepancy


def normal(seed, rows, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(rows, 6)) + shift).astype(np.float32)


def test_like_samples_raise_few_alarms():
    alarms = 0
    for seed in range(100):
        found = measure_discrepancy(normal(seed, 40), normal(1000 + seed, 90), 0.1, 200, seed)
        alarms += found.squared > found.threshold
        assert (found.squared > found.threshold) == (found.p_value <= 0.1)
    assert 2 <= alarms <= 20  # 10 expected


def test_a_shift_is_found():
    found = measure_discrepancy(normal(0, 40, 0.6), normal(1, 90), 0.01, 500, 0)
    assert found.squared > found.threshold
    assert found.p_value == pytest.approx(1 / 501)


def test_by_hand():
    # Distances squared 0, 1, 1 between the three; their median is 1.
    found = measure_discrepancy(
        np.array([[0.0]], np.float32), np.array([[1.0], [1.0]], np.float32), 0.5, 50, 0
    )
    assert found.squared == pytest.approx(1 + 1 - 2 * np.exp(-1))


def test_a_rate_finer_than_the_permutations_raises_no_alarm():
    found = measure_discrepancy(normal(0, 40, 3.0), normal(1, 90), 0.001, 99, 0)
    assert found.threshold == np.inf


def test_equal_vectors_are_no_discrepancy():
    found = measure_discrepancy(
        np.ones((5, 2), np.float32), np.ones((9, 2), np.float32), 0.1, 50, 0
    )
    assert found.squared == pytest.approx(0, abs=1e-6)
    assert found.p_value == 1
