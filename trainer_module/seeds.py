"""Where the chance of a training comes from: its seed, the epoch's number and the example alone."""

import tensorflow as tf

_EPOCHS = 10_007  # more than any training has


def epoch_seed(seed: int, epoch: int) -> int:
    """Makes an epoch's seed of the training's."""
    return seed * _EPOCHS + epoch


def example_seed(seed: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """Makes an example's seed, scalar int64, of its epoch's and the number that stands for it."""
    pair = tf.stack([tf.cast(seed, tf.int64), tf.cast(number, tf.int64)])
    return tf.random.stateless_uniform([], pair, maxval=2**31, dtype=tf.int64)
