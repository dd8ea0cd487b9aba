"""From the boxes that a detector found on a page to pictures of lines.

Between the detector and the line recogniser of a page reader. Lines are cut from the page at its
full resolution: the detector may have looked at a smaller one. Above and below, the paper around
the ink is cut off: line models learn from lines that fill their pictures, and a detector's boxes
are looser.
"""

import tensorflow as tf

from transforms.image import normalise_contrast

INK = 0.5
"""Share of a line's contrast from which a pixel counts as ink."""

INKED_ROW = 0.05
"""A row of pixels belongs to a line if it has this share of the ink of the line's fullest row."""

MARGIN = 0.08
"""Paper left above and below the ink, as a share of its height: what EMNIST's glyphs have."""

LEAST_HEIGHT = 1 / 3
"""Of a box, as a share, that is kept: a dash is not blown up to a letter's height."""


def box_extents(boxes: tf.Tensor, page_shape: tf.Tensor) -> tf.Tensor:
    """Widens boxes to whole pixels of the page.

    Args:
      boxes: float32 [m, 4], ymin xmin ymax xmax in pixels; they may stick out of the page.
      page_shape: int32 [2], height and width of the page; at least 1.

    Returns:
      int32 [m, 4], top left bottom right, the last two exclusive: within the page and at least
      one pixel high and wide, whatever the box.
    """
    low = tf.clip_by_value(tf.math.floor(boxes[:, :2]), 0.0, _float(page_shape - 1))
    high = tf.clip_by_value(tf.math.ceil(boxes[:, 2:]), low + 1.0, _float(page_shape))
    return tf.cast(tf.concat([low, high], axis=1), tf.int32)


def crop(page: tf.Tensor, extent: tf.Tensor) -> tf.Tensor:
    """Cuts one line out.

    Args:
      page: uint8 [height, width].
      extent: int32 [4], of `box_extents`.

    Returns:
      uint8 [line height, line width].
    """
    top, left, bottom, right = tf.unstack(extent)
    return page[top:bottom, left:right]


def ink_extent(page: tf.Tensor, extent: tf.Tensor) -> tf.Tensor:
    """Narrows an extent to the rows of the line's ink and a margin.

    Args:
      page: uint8 [height, width].
      extent: int32 [4], of `box_extents`.

    Returns:
      int32 [4], within the extent; the same where there is no ink.
    """
    top, left, bottom, right = tf.unstack(extent)
    ink = normalise_contrast(_float(crop(page, extent))) > INK  # [h, w]
    rows = tf.reduce_mean(_float(ink), axis=1)  # [h]
    # Where there is no ink, every row reaches the threshold of 0.
    inked = tf.cast(tf.where(rows >= INKED_ROW * tf.reduce_max(rows))[:, 0], tf.int32)
    first, last = tf.reduce_min(inked), tf.reduce_max(inked)
    height = _float(last + 1 - first)
    least = (LEAST_HEIGHT * _float(bottom - top) - height) / 2
    margin = tf.cast(tf.math.ceil(tf.maximum(MARGIN * height, least)), tf.int32)
    upper = tf.maximum(top + first - margin, top)
    lower = tf.minimum(top + last + 1 + margin, bottom)
    return tf.stack([upper, left, lower, right])


def _float(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(values, tf.float32)
