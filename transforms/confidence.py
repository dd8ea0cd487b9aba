"""What a decoded line says about its own certainty, in graph.

After decoding, before the served outputs: evidence of each character and of the line, which
`transforms.calibration` turns into probabilities of being right.
"""

from typing import NamedTuple

import tensorflow as tf

from schema.alphabet import BLANK
from transforms.calibration import Calibration

NO_CHARACTER = -1.0
"""Pads the confidences of a batch's shorter readings."""

_CERTAIN = -1e-6
"""The logarithm of the highest probability that is told apart from 1."""


class Evidence(NamedTuple):
    """Of n lines with up to `longest` characters.

    Args:
      characters: float32 [n, longest, 2].
      lines: float32 [n, 1].
      is_character: bool [n, longest], False where the line has no character any more.
    """

    characters: tf.Tensor
    lines: tf.Tensor
    is_character: tf.Tensor


def gather_evidence(logits: tf.Tensor, classes: tf.Tensor, log_posterior: tf.Tensor) -> Evidence:
    """Looks at a line's reading beside what the network said.

    A character's evidence is the log odds of its class in the frame that is surest of it, from
    where it begins to where the next one does; and the log odds of the line's text, for a
    language model may have overruled the frame. A line's evidence is the latter alone.

    Args:
      logits: float32 [n, t, classes].
      classes: int32 [n, t], the class where a character begins, `BLANK` elsewhere.
      log_posterior: float32 [n], log probability of the text as the decoder sees it.
    """
    begins = tf.not_equal(classes, BLANK)
    number = tf.cumsum(tf.cast(begins, tf.int32), axis=1)  # [n, t], 0 before the first
    spelled = tf.ragged.boolean_mask(classes, begins).to_tensor(BLANK)  # [n, longest]
    current = tf.gather(tf.pad(spelled, [[0, 0], [1, 0]]), number, batch_dims=1)  # [n, t]
    of_current = tf.gather(tf.nn.log_softmax(logits), current, batch_dims=2)
    lines, places = tf.shape(classes)[0], tf.shape(spelled)[1] + 1
    segments = number + places * tf.range(lines)[:, tf.newaxis]
    highest = tf.math.unsorted_segment_max(of_current, segments, lines * places)
    of_characters = log_odds(tf.reshape(highest, [lines, places])[:, 1:])  # [n, longest]
    of_lines = log_odds(log_posterior)[:, tf.newaxis]  # [n, 1]
    both = tf.stack([of_characters, tf.broadcast_to(of_lines, tf.shape(of_characters))], -1)
    return Evidence(both, of_lines, tf.not_equal(spelled, BLANK))


def log_odds(log_probability: tf.Tensor) -> tf.Tensor:
    """Returns log(p / (1 - p)), at most that of the highest probability below 1."""
    known = tf.minimum(log_probability, _CERTAIN)
    return known - tf.math.log(-tf.math.expm1(known))


def apply_calibration(calibration: Calibration, evidence: tf.Tensor) -> tf.Tensor:
    """Returns the confidence from evidence [..., pieces]: float32 [...] in 0..1."""
    weighed = tf.reduce_sum(evidence * tf.constant(calibration.weights, tf.float32), axis=-1)
    return tf.sigmoid(weighed + calibration.bias)
