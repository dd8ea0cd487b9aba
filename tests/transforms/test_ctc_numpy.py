import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import ctc
from transforms.ctc_numpy import decode_greedy


def test_repeats_are_merged_and_blanks_dropped():
    logits = np.log(np.array([[0.2, 0.8], [0.4, 0.6], [0.7, 0.3], [0.1, 0.9]], np.float32))
    classes, log_probability = decode_greedy(logits)
    assert classes.tolist() == [1, 0, 0, 1]
    assert log_probability == pytest.approx(math.log(0.8 * 0.6 * 0.7 * 0.9), rel=1e-5)


def test_nothing_but_blanks_is_a_path_as_well():
    classes, log_probability = decode_greedy(np.log(np.array([[0.9, 0.1], [0.6, 0.4]], np.float32)))
    assert classes.tolist() == [0, 0]
    assert log_probability == pytest.approx(math.log(0.9 * 0.6), rel=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(2, 6), st.integers(0, 2**31 - 1))
def test_it_decodes_as_with_tensorflow(frames, classes, seed):
    logits = np.random.default_rng(seed).normal(0, 3, (frames, classes)).astype(np.float32)
    expected, log_probability = ctc.decode_greedy(logits[np.newaxis])
    got = decode_greedy(logits)
    np.testing.assert_array_equal(got[0], expected.numpy()[0])
    assert got[1] == pytest.approx(float(log_probability[0]), rel=1e-4)
