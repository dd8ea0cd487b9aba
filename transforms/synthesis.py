"""Lines of handwriting from stacks of single glyphs, in graph and decided by a seed.

The method is that of EMNIST Lines in the Full Stack Deep Learning course: glyphs side by side,
neighbours overlapping by a share of their width that is drawn once a line. Overlapping ink is
added in int32 and clipped once at the end, so that it cannot wrap around.
"""

import tensorflow as tf

from schema.features import GLYPH_SIDE
from transforms.synthesis_options import SynthesisOptions


def draw_advance(seed: tf.Tensor, options: SynthesisOptions) -> tf.Tensor:
    """Returns the distance between neighbouring glyphs in pixels, scalar int32, for a line."""
    overlap = tf.random.stateless_uniform(
        [], seed=tf.stack([seed, 0]), minval=options.min_overlap, maxval=options.max_overlap
    )
    return GLYPH_SIDE - tf.cast(overlap * GLYPH_SIDE, tf.int32)


def drift_baseline(glyphs: tf.Tensor, seed: tf.Tensor, options: SynthesisOptions) -> tf.Tensor:
    """Shifts each glyph up or down along a slow wave whose phase and length are drawn once.

    Args:
      glyphs: int32 [n, GLYPH_SIDE, GLYPH_SIDE].
      seed: scalar int64.
      options: `baseline_drift` is the wave's largest amplitude.

    Returns:
      int32 [n, GLYPH_SIDE, GLYPH_SIDE]; ink shifted over the edge is lost.
    """
    if not options.baseline_drift:
        return glyphs
    reach = int(-(-options.baseline_drift // 1))  # rounded up
    amplitude, phase, turns = tf.unstack(
        tf.random.stateless_uniform([3], seed=tf.stack([seed, 1]))
        * [options.baseline_drift, 6.2832, 0.4]
    )
    position = tf.cast(tf.range(tf.shape(glyphs)[0]), tf.float32)
    shift = tf.cast(tf.round(amplitude * tf.sin(phase + turns * position)), tf.int32)  # [n]
    padded = tf.pad(glyphs, [[0, 0], [reach, reach], [0, 0]])
    rows = reach + tf.range(GLYPH_SIDE)[tf.newaxis] - shift[:, tf.newaxis]  # [n, GLYPH_SIDE]
    return tf.gather(padded, rows, axis=1, batch_dims=1)


def synthesise_line(glyphs: tf.Tensor, seed: tf.Tensor, options: SynthesisOptions) -> tf.Tensor:
    """Sets glyphs side by side.

    Args:
      glyphs: uint8 [n, GLYPH_SIDE, GLYPH_SIDE], ink bright, n >= 1.
      seed: scalar int64; the same seed and glyphs give the same line.
      options: overlap and drift.

    Returns:
      uint8 [GLYPH_SIDE, width] with width = (n - 1) * advance + GLYPH_SIDE.
    """
    advance = draw_advance(seed, options)
    drifted = drift_baseline(tf.cast(glyphs, tf.int32), seed, options)
    count = tf.shape(glyphs)[0]
    width = (count - 1) * advance + GLYPH_SIDE
    left = tf.range(count) * advance
    columns = tf.transpose(drifted, [0, 2, 1])  # [n, GLYPH_SIDE columns, GLYPH_SIDE rows]
    line = tf.math.unsorted_segment_sum(
        tf.reshape(columns, [-1, GLYPH_SIDE]),
        tf.reshape(left[:, tf.newaxis] + tf.range(GLYPH_SIDE), [-1]),
        num_segments=width,
    )  # [width, GLYPH_SIDE]
    return tf.transpose(tf.cast(tf.minimum(line, 255), tf.uint8))


def glyphs_from_bytes(stack: tf.Tensor) -> tf.Tensor:
    """Unpacks a scalar string of n * 784 bytes to uint8 [n, GLYPH_SIDE, GLYPH_SIDE]."""
    return tf.reshape(tf.io.decode_raw(stack, tf.uint8), [-1, GLYPH_SIDE, GLYPH_SIDE])
