"""From the boxes that a detector found on a page to pictures of lines.

Between the detector and the line recogniser of a page reader. Lines are cut from the page at its
full resolution: the detector may have looked at a smaller one. They are cut without a margin, for
that is how line models learn them: a line in a margin is scaled down and reads worse.
"""

import tensorflow as tf


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


def _float(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(values, tf.float32)
