"""Connectionist temporal classification: from frame logits to text classes (Graves et al. 2006).

A network marks the frames that lie in a line's padding as certain blanks, so that loss and
decoding need no lengths: a certain blank adds nothing to either.
"""

import itertools
from collections.abc import Sequence

import tensorflow as tf

from schema.alphabet import BLANK

CERTAIN = 100.0
"""Logit margin of a certain blank: exp(-100) vanishes in float32 sums."""


def required_frames(classes: Sequence[int]) -> int:
    """Returns the fewest frames that can spell the classes: a repeat needs a blank between."""
    repeats = sum(1 for left, right in itertools.pairwise(classes) if left == right)
    return len(classes) + repeats


def blank_padding(logits: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """Makes every frame from `frames` on a certain blank.

    Args:
      logits: float [n, t, classes].
      frames: int32 [n], frames that lie on the line.

    Returns:
      float [n, t, classes].
    """
    inside = tf.sequence_mask(frames, tf.shape(logits)[1])[:, :, tf.newaxis]  # [n, t, 1]
    certain = tf.one_hot(BLANK, logits.shape[-1], 0.0, -CERTAIN, dtype=logits.dtype)
    return tf.where(inside, logits, certain)


def decode_greedy(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes the best class of each frame, merges repeats and drops blanks.

    Args:
      logits: float32 [n, t, classes], padding frames as certain blanks.

    Returns:
      classes, int32 [n, t]: the class where a character begins, `BLANK` elsewhere; and the log
      probability of the path, float32 [n].
    """
    best = tf.argmax(logits, axis=-1, output_type=tf.int32)  # [n, t]
    before = tf.pad(best, [[0, 0], [1, 0]], constant_values=BLANK)[:, :-1]
    begins = tf.logical_and(tf.not_equal(best, BLANK), tf.not_equal(best, before))
    log_probability = tf.reduce_max(tf.nn.log_softmax(logits), axis=-1)  # [n, t]
    return tf.where(begins, best, BLANK), tf.reduce_sum(log_probability, axis=1)
