"""From the detector's maps to boxes of lines in reading order, in graph.

Between the network `fcn` and whoever wants boxes: the exporter and the validation of training.
"""

import tensorflow as tf

from transforms.components import label_components, renumber
from transforms.reading_order import reading_order

CORE_SCORE = 0.5
"""A pixel whose score is above lies on the core of a line."""

LEAST_PIXELS = 10
"""Pixels of a map that a core has at least; less is a speck, a comma or the end of a flourish."""

MOST_LINES = 256
"""Lines of a page; of more the largest cores are taken. Bounds memory on any picture."""

_SPREAD = 1.0
"""Standard deviations from the mean at which the edge of a line is taken: pixels of a tilted
line tell edges at different heights, and the outermost tells the outermost error."""

_MAX_LOG_REACH = 7.0  # natural logarithm of 1,100 pixels, more than any scaled page is high
_SAME_LINE = 0.6  # pieces of a line have so much of the lower one's height in common at least
_WORD_GAP = 1.0  # between pieces of a line, in heights of the lower one


def split_maps(seen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns scores [..., h, w] in 0..1 and reaches [..., h, w, 2] in pixels of the picture.

    Args:
      seen: float32 [..., h, w, 3], the network's output.
    """
    reaches = tf.exp(tf.minimum(seen[..., 1:], _MAX_LOG_REACH))
    return tf.sigmoid(seen[..., 0]), reaches


def find_lines(seen: tf.Tensor, stride: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the lines of one page.

    Args:
      seen: float32 [h, w, 3], the network's output.
      stride: pixels of the picture for each of the maps.

    Returns:
      boxes, float32 [m, 4], ymin xmin ymax xmax in pixels of the picture, in reading order,
      m <= `MOST_LINES`; and the mean score of each line's core, float32 [m], in 0..1.
    """
    scores, reaches = split_maps(seen)
    boxes, means = _measure_parts(scores, reaches, float(stride))
    boxes, means = _join_pieces(boxes, means)
    limits = tf.cast(tf.shape(scores)[:2], tf.float32) * stride  # [2]
    boxes = tf.clip_by_value(boxes, 0.0, tf.tile(limits, [2]))
    order = reading_order(boxes)
    return tf.gather(boxes, order), tf.gather(means, order)


def _measure_parts(
    scores: tf.Tensor, reaches: tf.Tensor, stride: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the box and mean score of each connected core, [m, 4] and [m]."""
    labels = label_components(scores > CORE_SCORE)
    places = tf.where(labels >= 0)  # [n, 2], row and column
    part, parts = renumber(tf.gather_nd(labels, places))  # [n]
    size = tf.math.unsorted_segment_sum(tf.ones_like(part), part, parts)  # [parts]
    kept = tf.argsort(size, direction="DESCENDING", stable=True)[:MOST_LINES]
    kept = tf.boolean_mask(kept, tf.gather(size, kept) >= LEAST_PIXELS)
    row, column = tf.unstack((tf.cast(places, tf.float32) + 0.5) * stride, axis=1)  # [n] each
    reach = tf.gather_nd(reaches, places)  # [n, 2]
    top, over = _mean_and_deviation(row - reach[:, 0], part, parts)
    bottom, under = _mean_and_deviation(row + reach[:, 1], part, parts)
    half = stride / 2  # columns above are those of pixels' centres
    left = tf.math.unsorted_segment_min(column, part, parts) - half
    right = tf.math.unsorted_segment_max(column, part, parts) + half
    boxes = tf.stack([top - _SPREAD * over, left, bottom + _SPREAD * under, right], axis=1)
    means = tf.math.unsorted_segment_mean(tf.gather_nd(scores, places), part, parts)
    return tf.gather(boxes, kept), tf.gather(means, kept)


def _mean_and_deviation(
    values: tf.Tensor, part: tf.Tensor, parts: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns mean and standard deviation of the values of each part, [parts] each."""
    mean = tf.math.unsorted_segment_mean(values, part, parts)
    squares = (values - tf.gather(mean, part)) ** 2
    return mean, tf.sqrt(tf.math.unsorted_segment_mean(squares, part, parts))


def _join_pieces(boxes: tf.Tensor, scores: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Joins pieces of a line: at one height and no further apart than words are.

    Args:
      boxes: [m, 4].
      scores: [m].

    Returns:
      boxes [lines, 4] and scores [lines], of each line the mean of its pieces'.
    """
    height = boxes[:, 2] - boxes[:, 0]
    lower = tf.minimum(height[:, tf.newaxis], height)  # [m, m]
    level = _common(boxes[:, 0], boxes[:, 2]) > _SAME_LINE * lower
    apart = -_common(boxes[:, 1], boxes[:, 3])  # [m, m], negative where they overlap
    near = tf.abs(apart) < _WORD_GAP * lower
    count = tf.shape(boxes)[0]
    linked = (level & near) | tf.eye(count, dtype=tf.bool)
    line, lines = renumber(_largest_linked(linked))
    joined = tf.concat(
        [
            tf.math.unsorted_segment_min(boxes[:, :2], line, lines),
            tf.math.unsorted_segment_max(boxes[:, 2:], line, lines),
        ],
        axis=1,
    )
    return joined, tf.math.unsorted_segment_mean(scores, line, lines)


def _common(start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """Returns the length that two spans have in common, negative for a gap: [m, m]."""
    return tf.minimum(end[:, tf.newaxis], end) - tf.maximum(start[:, tf.newaxis], start)


def _largest_linked(linked: tf.Tensor) -> tf.Tensor:
    """Returns the largest index that can be reached from each: bool [m, m] -> int32 [m]."""
    count = tf.shape(linked)[0]

    def spread(reached: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        around = tf.reduce_max(tf.where(linked, reached, -1), axis=1)
        return around, tf.reduce_any(around != reached)

    reached, _ = tf.while_loop(
        lambda _, changed: changed,
        spread,
        (tf.range(count), count > 0),
        shape_invariants=(tf.TensorShape([None]), tf.TensorShape([])),
    )
    return reached
