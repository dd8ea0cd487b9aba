import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.monitor.divergence import jensen_shannon

COUNTS = st.lists(st.integers(0, 10**6), min_size=5, max_size=5).filter(any)


def test_by_hand():
    # p = (1/2, 1/2), q = (1, 0), their middle (3/4, 1/4).
    to_p = 0.5 * math.log2(0.5 / 0.75) + 0.5 * math.log2(0.5 / 0.25)
    to_q = math.log2(1 / 0.75)
    assert jensen_shannon([3, 3], [8, 0]) == pytest.approx((to_p + to_q) / 2)


def test_nothing_shared_is_one_and_the_same_shares_are_nought():
    assert jensen_shannon([4, 0, 1], [0, 9, 0]) == pytest.approx(1)
    assert jensen_shannon([4, 0, 1], [8, 0, 2]) == pytest.approx(0)


@given(COUNTS, COUNTS)
def test_it_is_symmetric_and_within_its_range(first, second):
    found = jensen_shannon(first, second)
    assert 0 <= found <= 1
    assert found == pytest.approx(jensen_shannon(second, first), abs=1e-12)


def test_many_pairs_at_once():
    many = np.array([[1, 2, 3], [3, 3, 3]])
    np.testing.assert_array_equal(
        jensen_shannon(many, [5, 0, 1]), [jensen_shannon(row, [5, 0, 1]) for row in many]
    )


def test_without_counts_it_is_not_a_number():
    assert np.isnan(jensen_shannon([0, 0], [1, 2]))
