"""What a training runs on and computes in: replicas, mixed precision, XLA.

The latter two are around the network only. The CTC loss stays in float32 and outside of XLA, which
has no kernel for it; so does all that follows training, for weights are float32 in any precision.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from transforms.tracing import traced


def make_strategy() -> tf.distribute.MirroredStrategy:
    """Makes a replica for each GPU, or where there is none for each logical CPU device.

    A process has one logical CPU device unless it asks TensorFlow for more, as tests do.
    """
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def fill_batches(batches: tf.data.Dataset, replicas: int) -> tf.data.Dataset:
    """Lets every replica have equally many examples of every batch.

    A rest that cannot be shared equally is filled up with examples that it has already. These
    weigh nothing, the others a little more, so that Keras' mean over each replica and then over
    replicas is the mean over the batch as it was. No replica is left without an example, which
    oneDNN's convolutions refuse.

    Args:
      batches: (inputs, labels), with examples along the first axis of each tensor.
      replicas: how many.

    Returns:
      (inputs, labels, weights float32 [n]) with n a multiple of `replicas`.
    """

    def fill(inputs: Any, labels: Any) -> tuple[Any, Any, tf.Tensor]:
        there = tf.shape(tf.nest.flatten(inputs)[0])[0]
        filled = (there + replicas - 1) // replicas * replicas
        rows = tf.range(filled)
        whole = tf.nest.map_structure(lambda part: tf.gather(part, rows % there), (inputs, labels))
        return *whole, tf.where(rows < there, tf.cast(filled / there, tf.float32), 0.0)

    return batches.map(fill, num_parallel_calls=tf.data.AUTOTUNE)


@contextlib.contextmanager
def precision(policy: str) -> Iterator[None]:
    """Builds networks of a Keras dtype policy inside, and leaves Keras as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def compile_training_call(network: keras.Model, batch_size: int) -> None:
    """Lets XLA compile what the network does with full training batches.

    Each shape is compiled once, which takes seconds: a rest with fewer examples, and validation,
    are not worth it and run as they are.

    Args:
      network: called with tensors that have examples along the first axis.
      batch_size: examples of a full batch on one replica.
    """
    call = network.call
    compiled = traced(call, jit_compile=True)

    def call_compiled(inputs: Any, training: bool = False) -> Any:
        if not training:
            return call(inputs, training=False)
        return tf.cond(
            tf.equal(tf.shape(tf.nest.flatten(inputs)[0])[0], batch_size),
            lambda: compiled(inputs, training=True),
            lambda: call(inputs, training=True),
        )

    network.call = call_compiled
