"""Puts the lines of a page into reading order, in graph.

After `components.py`, the last step of the detector. The rule is that of Breuel, "High Performance
Document Layout Analysis" (2003): of two lines above one another the upper is first; of two side
by side the left one, unless a line between them runs over both. There it goes wrong on letters,
where a date on the right precedes a salutation further down on the left. So lines side by side
count as columns only where their columns have lines at the same height; else the upper is first.
"""

import tensorflow as tf

_OVERLAP = 0.1  # of the narrower line; less is ragged margins, not being above one another
_SAME_HEIGHT = 0.5  # of the lower line; more is being at the same height


def reading_order(boxes: tf.Tensor) -> tf.Tensor:
    """Orders lines written from left to right, from top to bottom.

    A line's place is the number of lines before it: where the rule contradicts itself on a
    tangled page, that still gives an order, and the same one each time.

    Args:
      boxes: float32 [m, 4], ymin xmin ymax xmax. Memory grows with m cubed.

    Returns:
      int32 [m]: indices into `boxes`, first line first.
    """
    middle = (boxes[:, 0] + boxes[:, 2]) / 2  # [m]
    stacked = _share_overlapped(boxes[:, 1], boxes[:, 3]) > _OVERLAP  # [m, m]
    level = _share_overlapped(boxes[:, 0], boxes[:, 2]) > _SAME_HEIGHT
    center = boxes[:, 1] + boxes[:, 3]
    left = ~stacked & (center[:, tf.newaxis] < center)
    upper = middle[:, tf.newaxis] < middle
    # [a, b, c]: c is between a and b in height.
    falls = upper[:, tf.newaxis, :] & tf.transpose(upper)[tf.newaxis]
    between = falls | tf.transpose(falls, [1, 0, 2])
    over_both = stacked[:, tf.newaxis, :] & stacked[tf.newaxis]
    parted = tf.reduce_any(between & over_both, axis=2)  # [a, b]
    column = _columns(stacked, left, between)
    side_by_side = left & ~parted & _linked(column, left & level, column)
    right_first = tf.transpose(side_by_side)
    before = side_by_side | (upper & ~right_first)
    places = tf.reduce_sum(tf.cast(before, tf.int32), axis=0)
    return tf.argsort(places, stable=True)


def _columns(stacked: tf.Tensor, left: tf.Tensor, between: tf.Tensor) -> tf.Tensor:
    """Tells which lines are of one column: bool [m, m].

    They are above one another, and no line over several columns is between them or one of them.
    """
    others = stacked & ~tf.eye(tf.shape(stacked)[0], dtype=tf.bool)
    bridges = tf.linalg.diag_part(_linked(others, left, others))  # [m]: over lines side by side
    apart = tf.reduce_any(between & bridges, axis=2)
    plain = ~bridges[:, tf.newaxis] & ~bridges
    return (stacked & ~apart & plain) | tf.eye(tf.shape(stacked)[0], dtype=tf.bool)


def _linked(first: tf.Tensor, second: tf.Tensor, third: tf.Tensor) -> tf.Tensor:
    """Tells whether a way leads from a to b by the three relations: bool [m, m] each."""
    steps = [tf.cast(relation, tf.float32) for relation in (first, second, third)]
    return steps[0] @ steps[1] @ steps[2] > 0.5


def _share_overlapped(start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """Returns what two spans have in common as a share of the shorter: float32 [m, m]."""
    common = tf.minimum(end[:, tf.newaxis], end) - tf.maximum(start[:, tf.newaxis], start)
    length = tf.maximum(end - start, 1e-3)
    return common / tf.minimum(length[:, tf.newaxis], length)
