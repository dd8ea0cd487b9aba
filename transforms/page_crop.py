"""Cuts crops out of pages to train on: turned a little, larger or smaller, fainter, noisier.

On training pages only, between their normalisation and the detector. Everything random comes from
a seed, so that the same crop comes again after a resumed training.
"""

import tensorflow as tf

from transforms.band_bytes import move_bands

_INK = (0.6, 1.3)  # factor of the ink's strength
_NOISE = 0.06  # largest standard deviation added


def cut_crop(
    page: tf.Tensor,
    bands: tf.Tensor,
    seed: tf.Tensor,
    side: int,
    max_turn: float,
    max_zoom: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cuts out one crop.

    Args:
      page: float32 [h, w, 1] in 0..1, normalised.
      bands: float32 [lines, line_bands.COLUMNS].
      seed: int64 [2].
      side: of the crop in pixels.
      max_turn: radians.
      max_zoom: factor, at least 1.

    Returns:
      float32 [side, side, 1] in 0..1, beyond the page's edges paper (0), and its bands.
    """
    drawn = tf.random.stateless_uniform([6], seed)
    zoom = tf.exp((2.0 * drawn[0] - 1.0) * tf.math.log(max_zoom))
    turn = (2.0 * drawn[1] - 1.0) * max_turn
    center = _choose_center(tf.cast(tf.shape(page)[:2], tf.float32), drawn[2:4], side / zoom)
    cos, sin = tf.cos(turn), tf.sin(turn)
    forward = zoom * tf.stack([[cos, -sin], [sin, cos]])  # from page to crop, (x, y)
    backward = tf.stack([[cos, sin], [-sin, cos]]) / zoom
    middle = tf.fill([2], side / 2.0)
    crop = _project(page, backward, center - tf.linalg.matvec(backward, middle), side)
    strength = _INK[0] + (_INK[1] - _INK[0]) * drawn[4]
    noise = tf.random.stateless_normal([side, side, 1], seed) * (_NOISE * drawn[5])
    crop = tf.clip_by_value(crop * strength + noise, 0.0, 1.0)
    return crop, move_bands(bands, forward, middle - tf.linalg.matvec(forward, center), zoom)


def _choose_center(size: tf.Tensor, drawn: tf.Tensor, span: tf.Tensor) -> tf.Tensor:
    """Returns a point (x, y) such that a crop around it hardly leaves the page.

    Args:
      size: height and width, float32 [2].
      drawn: in 0..1, float32 [2].
      span: pixels of the page that the crop is wide.
    """
    extent = tf.reverse(size, axis=[0])  # x, y
    low = tf.minimum(span, extent) / 2.0
    return low + drawn * (extent - 2.0 * low)


def _project(page: tf.Tensor, matrix: tf.Tensor, shift: tf.Tensor, side: int) -> tf.Tensor:
    """Samples the page at matrix @ (x, y) + shift for each pixel of the crop."""
    row = tf.concat([matrix, shift[:, tf.newaxis]], axis=1)  # [2, 3]
    transform = tf.concat([tf.reshape(row, [1, 6]), tf.zeros([1, 2])], axis=1)
    crop = tf.raw_ops.ImageProjectiveTransformV3(
        images=page[tf.newaxis],
        transforms=transform,
        output_shape=[side, side],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )[0]
    crop.set_shape([side, side, 1])
    return crop
