"""Draws the bands of a page's lines as the maps that the detector learns to see.

Between the examples and the loss. The core of a line is a strip along the middle of its small
letters, thin enough that neighbouring lines do not touch (the shrunk text kernel of Liao et al.,
"Real-time Scene Text Detection with Differentiable Binarization", 2020); at each of its pixels
the box's edges are given as distances up and down (as in Zhou et al., "EAST: An Efficient and
Accurate Scene Text Detector", 2017).
"""

import tensorflow as tf

from schema import line_bands

CORE = (0.15, 0.7)
"""Where the core begins and ends above the baseline, as shares of the small letters' height."""

LEAST_CORE = 1.5
"""Pixels of the map that a core is thick at least."""


def draw_bands(
    bands: tf.Tensor, height: tf.Tensor | int, width: tf.Tensor | int, stride: int
) -> dict[str, tf.Tensor]:
    """Draws the lines of one page.

    Args:
      bands: float32 [lines, line_bands.COLUMNS], in pixels of the picture.
      height: of the maps.
      width: of the maps.
      stride: pixels of the picture for each of the maps.

    Returns:
      `core`, float32 [height, width]: 1 on a line's core, else 0;
      `weight`, float32 [height, width]: 0 where nothing is known, else 1;
      `reach`, float32 [height, width, 2]: distance up and down to the box in pixels of the
      picture, of meaning on cores only.
    """
    bands = tf.pad(bands, [[0, 1], [0, 0]])  # a line without extent, for pages without lines
    column = (tf.range(width, dtype=tf.float32) + 0.5) * stride  # [w]
    row = (tf.range(height, dtype=tf.float32) + 0.5) * stride  # [h]
    x, y = bands[:, line_bands.X], bands[:, line_bands.Y]  # [l, p]
    base = _interpolate(x, y, column)[:, tf.newaxis, :]  # [l, 1, w]
    small = bands[:, line_bands.HEIGHT, tf.newaxis, tf.newaxis]  # [l, 1, 1]
    over = bands[:, line_bands.OVER, tf.newaxis, tf.newaxis]
    under = bands[:, line_bands.UNDER, tf.newaxis, tf.newaxis]
    counted = bands[:, line_bands.COUNTED, tf.newaxis, tf.newaxis] > 0.5
    along = (column >= x[:, :1]) & (column <= x[:, -1:])  # [l, w]
    above = base - row[:, tf.newaxis]  # [l, h, w]: pixels over the baseline
    middle, half = sum(CORE) / 2 * small, (CORE[1] - CORE[0]) / 2 * small
    distance = tf.abs(above - middle)
    half = tf.maximum(half, LEAST_CORE * stride / 2)
    core = along[:, tf.newaxis, :] & (distance <= half)
    unknown = along[:, tf.newaxis, :] & (above <= over) & (above >= -under) & ~counted
    # Where two cores cross, the nearer line has the pixel.
    nearest = tf.argmin(tf.where(core & counted, distance, float("inf")), axis=0)  # [h, w]
    pick = tf.one_hot(nearest, tf.shape(bands)[0], axis=0)  # [l, h, w]
    up = tf.reduce_sum(pick * (over - above), axis=0)
    down = tf.reduce_sum(pick * (above + under), axis=0)
    is_core = tf.reduce_any(core & counted, axis=0)
    return {
        "core": tf.cast(is_core, tf.float32),
        "weight": tf.cast(is_core | ~tf.reduce_any(unknown, axis=0), tf.float32),
        "reach": tf.maximum(tf.stack([up, down], axis=-1), 0.0),
    }


def _interpolate(x: tf.Tensor, y: tf.Tensor, at: tf.Tensor) -> tf.Tensor:
    """Evaluates polygonal chains, level beyond their ends.

    Args:
      x: [l, p], rising along each row.
      y: [l, p].
      at: [n].

    Returns:
      [l, n].
    """
    steps = tf.maximum(x[:, 1:] - x[:, :-1], 1e-3)[:, tf.newaxis, :]  # [l, 1, p - 1]
    passed = (at[tf.newaxis, :, tf.newaxis] - x[:, tf.newaxis, :-1]) / steps  # [l, n, p - 1]
    rises = (y[:, 1:] - y[:, :-1])[:, tf.newaxis, :]
    return y[:, :1] + tf.reduce_sum(tf.clip_by_value(passed, 0.0, 1.0) * rises, axis=-1)
