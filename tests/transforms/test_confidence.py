import math

import numpy as np
import pytest
import tensorflow as tf

from transforms.calibration import Calibration
from transforms.confidence import apply_calibration, gather_evidence, log_odds
from transforms.ctc import blank_padding

# Classes: blank, a, b. The line "ab": a grows sure in its second frame, b is never sure.
PROBABILITIES = [[0.3, 0.6, 0.1], [0.05, 0.9, 0.05], [0.9, 0.05, 0.05], [0.2, 0.2, 0.6]]
CLASSES = [[1, 0, 0, 2]]


def odds(probability):
    return math.log(probability / (1 - probability))


def test_a_character_is_as_sure_as_its_surest_frame():
    evidence = gather_evidence(
        tf.math.log([PROBABILITIES]), tf.constant(CLASSES), tf.math.log([0.7])
    )
    np.testing.assert_allclose(
        evidence.characters[0], [[odds(0.9), odds(0.7)], [odds(0.6), odds(0.7)]], rtol=1e-5
    )
    np.testing.assert_allclose(evidence.lines, [[odds(0.7)]], rtol=1e-5)
    assert evidence.is_character.numpy().tolist() == [[True, True]]


def test_shorter_readings_are_padded_and_padding_frames_say_nothing():
    logits = blank_padding(tf.tile(tf.math.log([PROBABILITIES]), [3, 1, 1]), tf.constant([4, 2, 4]))
    classes = tf.constant([[1, 0, 0, 2], [1, 0, 0, 0], [0, 0, 0, 0]])
    evidence = gather_evidence(logits, classes, tf.math.log([0.7, 0.6, 0.5]))
    assert evidence.is_character.numpy().tolist() == [[True, True], [True, False], [False, False]]
    assert float(evidence.characters[1, 0, 0]) == pytest.approx(odds(0.9), rel=1e-5)


@pytest.mark.parametrize(("lines", "frames"), [(0, 4), (2, 0), (2, 4)])
def test_nothing_read_is_no_evidence_in_a_graph_as_well(lines, frames):
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, 3]),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None]),
        ]
    )
    def gather(logits, classes, log_posterior):
        return gather_evidence(logits, classes, log_posterior)

    evidence = gather(
        tf.zeros([lines, frames, 3]), tf.zeros([lines, frames], tf.int32), tf.zeros([lines])
    )
    assert evidence.characters.shape == (lines, 0, 2)
    assert evidence.lines.shape == (lines, 1)


def test_log_odds_are_finite_to_both_sides():
    found = log_odds(tf.constant([0.0, -1e-9, math.log(0.25), -1e30]))
    assert np.all(np.isfinite(found))
    assert float(found[2]) == pytest.approx(odds(0.25), rel=1e-5)
    assert found[0] == found[1] > 13


def test_the_graph_applies_what_was_fitted():
    calibration = Calibration((0.4, -1.2), 0.3)
    evidence = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    np.testing.assert_allclose(
        apply_calibration(calibration, tf.constant(evidence)),
        calibration.apply(evidence),
        rtol=1e-5,
    )
