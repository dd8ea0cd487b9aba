import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import beam_search
from transforms.beam_numpy import Language, decode_beam
from transforms.ngram import NgramAutomaton, learn_ngrams
from transforms.prefix_beams import LanguageBonus

CLASSES = 5
LEARNED = learn_ngrams([[1, 2, 1, 4], [1, 1], [2, 1, 1, 2], [3], []], CLASSES, 3, 50)


def with_tensorflow(logits, alpha, beta, *rest):
    language = LanguageBonus.of(LEARNED, alpha, beta)
    classes, log_posterior = beam_search.decode_beam(logits[np.newaxis], language, *rest)
    return classes.numpy()[0].tolist(), float(log_posterior[0])


def test_paths_of_one_text_add_up_where_the_best_path_spells_another():
    # Blank, blank has 0.36; but "a" has 0.4 * 0.4 + 2 * 0.6 * 0.4 = 0.64.
    logits = np.log(np.array([[0.6, 0.4], [0.6, 0.4]], np.float32))
    classes, log_posterior = decode_beam(logits, Language(NgramAutomaton.silent(2), 0, 0), 4, 1)
    assert classes.tolist() == [1, 0]
    assert math.exp(log_posterior) == pytest.approx(0.64, abs=1e-5)


def test_a_line_of_certain_blanks_is_empty():
    logits = np.array([[50.0, 0, 0, 0, 0]] * 3, np.float32)
    classes, log_posterior = decode_beam(logits, Language(LEARNED, 1.0, 0.0), 4, 4, 0.99)
    assert classes.tolist() == [0, 0, 0]
    assert log_posterior == 0.0


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 24),
    st.sampled_from([0.5, 2.0, 6.0]),
    st.sampled_from([(0.0, 0.0), (0.7, 1.0), (1.5, -0.5)]),
    st.sampled_from([1, 3, 16]),
    st.sampled_from([2, 4]),
    st.sampled_from([1.0, 0.99, 0.8]),
    st.integers(0, 2**31 - 1),
)
def test_it_decodes_as_with_tensorflow(frames, scale, weights, width, tried, certain, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, (frames, CLASSES)).repeat(rng.integers(1, 4), axis=0)
    # Frames that repeat but are not equal: texts of equal scores have no order.
    logits = (logits + rng.normal(0, 0.1, logits.shape)).astype(np.float32)
    expected, log_posterior = with_tensorflow(logits, *weights, width, tried, certain)
    classes, got = decode_beam(logits, Language(LEARNED, *weights), width, tried, certain)
    assert classes.tolist() == expected
    assert got == pytest.approx(log_posterior, abs=1e-3)


def test_padding_changes_nothing():
    logits = np.random.default_rng(0).normal(0, 2, (7, CLASSES)).astype(np.float32)
    paper = np.tile(np.array([0, -100, -100, -100, -100], np.float32), (5, 1))
    language = Language(LEARNED, 0.8, 0.3)
    alone = decode_beam(logits, language, 16, 4, 0.99)
    beside = decode_beam(np.concatenate([logits, paper]), language, 16, 4, 0.99)
    np.testing.assert_array_equal(beside[0][:7], alone[0])
    assert not beside[0][7:].any()
    assert beside[1] == pytest.approx(alone[1], abs=1e-9)


def test_it_leaves_the_model_as_it_was():
    before = LEARNED.log_prob.copy()
    Language(LEARNED, 2.0, 1.0)
    np.testing.assert_array_equal(LEARNED.log_prob, before)
