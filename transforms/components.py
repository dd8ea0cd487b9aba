"""Finds the connected parts of a page's score map and the box of each, in graph.

Between the detector's maps and `reading_order.py`. Plain TensorFlow Serving has no operation for
connected components, so they are found by iteration: every pixel takes the largest number among
its neighbours', then that of the pixel whose number it has taken (pointer jumping, Shiloach and
Vishkin, "An O(log n) parallel connectivity algorithm", 1982), until nothing changes.
"""

import tensorflow as tf

BACKGROUND = -1


def label_components(mask: tf.Tensor) -> tf.Tensor:
    """Numbers the 8-connected parts of a mask.

    Args:
      mask: bool [h, w].

    Returns:
      int32 [h, w]: pixels of one part share the flat index of its last pixel; elsewhere
      `BACKGROUND`.
    """
    shape = tf.shape(mask)
    count = shape[0] * shape[1]
    labels = tf.where(mask, tf.reshape(tf.range(count), shape), BACKGROUND)

    def spread(labels: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        around = tf.where(mask, _largest_around(labels), BACKGROUND)
        # A pixel passes what it has learned on to the pixel that it had its number from, so that
        # whole parts join at once; after that each looks up its number's own number.
        flat, learned = tf.reshape(labels, [-1]), tf.reshape(around, [-1])
        owners = tf.maximum(flat, 0)
        joined = tf.tensor_scatter_nd_max(learned, owners[:, tf.newaxis], learned)
        jumped = tf.where(joined >= 0, tf.gather(joined, tf.maximum(joined, 0)), BACKGROUND)
        new = tf.where(mask, tf.reshape(jumped, shape), BACKGROUND)
        return new, tf.reduce_any(tf.not_equal(new, labels))

    labels, _ = tf.while_loop(
        lambda _, changed: changed,
        spread,
        (labels, tf.reduce_any(mask)),
        shape_invariants=(tf.TensorShape([None, None]), tf.TensorShape([])),
    )
    return labels


def _largest_around(labels: tf.Tensor) -> tf.Tensor:
    """Returns the largest label of each pixel's 3 x 3 neighbourhood."""
    padded = tf.pad(labels, [[1, 1], [1, 1]], constant_values=BACKGROUND)
    tall = tf.maximum(tf.maximum(padded[:-2], padded[1:-1]), padded[2:])  # [h, w + 2]
    return tf.maximum(tf.maximum(tall[:, :-2], tall[:, 1:-1]), tall[:, 2:])


def renumber(labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Numbers parts from 0 in the order of their labels.

    Args:
      labels: int32 [n], no `BACKGROUND` among them.

    Returns:
      int32 [n], and how many parts there are, scalar int32.
    """
    ordered = tf.sort(labels)
    first = tf.concat([tf.ones_like(ordered[:1], tf.bool), ordered[1:] != ordered[:-1]], axis=0)
    names = tf.boolean_mask(ordered, first)  # [parts]
    return tf.searchsorted(names, labels), tf.size(names)
