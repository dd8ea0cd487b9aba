"""Packs and unpacks the rows of `schema.line_bands` in graph, for Transform and the trainer."""

import tensorflow as tf

from schema import line_bands

_BYTES = [bytes([value]) for value in range(256)]


def unpack_bands(packed: tf.Tensor) -> tf.Tensor:
    """Reads a page's rows: scalar string -> float32 [lines, line_bands.COLUMNS]."""
    return tf.reshape(tf.io.decode_raw(packed, tf.float32), [-1, line_bands.COLUMNS])


def pack_bands(bands: tf.Tensor) -> tf.Tensor:
    """The inverse of `unpack_bands`."""
    values = tf.cast(tf.bitcast(tf.reshape(bands, [-1]), tf.uint8), tf.int32)  # [n, 4]
    return tf.strings.reduce_join(tf.gather(tf.constant(_BYTES), tf.reshape(values, [-1])))


def scale_bands(bands: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Scales a page's rows with its picture.

    Args:
      bands: float32 [lines, line_bands.COLUMNS].
      scale: factors of height and width, float32 [2].
    """
    y, x = scale[0], scale[1]
    points = line_bands.POINTS
    factors = tf.stack([y, x, y, x, y, y, y, 1.0, *[x] * points, *[y] * points])
    return bands * factors


def move_bands(bands: tf.Tensor, matrix: tf.Tensor, shift: tf.Tensor, zoom: tf.Tensor) -> tf.Tensor:
    """Moves a page's rows with its picture; boxes, which no longer hold, are left as they are.

    Args:
      bands: float32 [lines, line_bands.COLUMNS].
      matrix: float32 [2, 2]: a point (x, y) goes to matrix @ (x, y) + shift.
      shift: float32 [2].
      zoom: the matrix' factor, by which lengths grow.
    """
    points = tf.stack([bands[:, line_bands.X], bands[:, line_bands.Y]], axis=-1)  # [l, p, 2]
    moved = tf.einsum("ij,lpj->lpi", matrix, points) + shift
    heights = bands[:, line_bands.HEIGHT : line_bands.COUNTED] * zoom
    return tf.concat(
        [
            bands[:, line_bands.BOX],
            heights,
            bands[:, line_bands.COUNTED : line_bands.COUNTED + 1],
            moved[..., 0],
            moved[..., 1],
        ],
        axis=1,
    )
