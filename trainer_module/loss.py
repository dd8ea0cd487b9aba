"""The CTC loss on sparse labels, which on CPU is 7 times faster than on dense ones.

On GPU the sparse kernel is cuDNN's, which at times gives Inf or NaN where the loss is finite
(tensorflow issue 55290): such a batch is computed once more by the dense kernel, and counted.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from schema.alphabet import BLANK

_Kernel = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


@keras.saving.register_keras_serializable(package="handwriting")
class CtcLoss(keras.losses.Loss):
    """Negative log-likelihood of the text, a line's mean over the batch (Graves et al. 2006).

    Shapes: labels [n, longest], class numbers padded with `BLANK`; logits float32 [n, t, classes]
    with padding frames as certain blanks, which leave the likelihood as it is.
    """

    def __init__(self, name: str = "ctc", **kwargs: object) -> None:
        super().__init__(name=name, **kwargs)
        self._fallbacks = tf.Variable(
            0,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )

    @property
    def fallbacks(self) -> int:
        """How many batches the dense kernel had to compute so far, over all replicas."""
        return int(self._fallbacks.read_value())

    def call(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Returns the loss of each line in nats, float32 [n]."""
        losses, gradient, finite = finite_ctc(tf.cast(labels, tf.int32), tf.stop_gradient(logits))
        if tf.distribute.get_replica_context() is not None:  # Keras also traces outside of replicas
            self._fallbacks.assign_add(1 - tf.cast(finite, tf.int32))

        @tf.custom_gradient
        def attach(_: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            return losses, lambda upstream: upstream[:, tf.newaxis, tf.newaxis] * gradient

        return attach(logits)


def sparse_ctc(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Computes each line's loss by the kernel for sparse labels; shapes as in `CtcLoss`."""
    shape = tf.shape(logits)
    return tf.nn.ctc_loss(
        labels=tf.sparse.from_dense(labels),
        logits=logits,
        label_length=None,
        logit_length=tf.fill([shape[0]], shape[1]),
        logits_time_major=False,
        blank_index=BLANK,
    )


def dense_ctc(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Computes the same by TensorFlow's own operations, seven times slower on CPU."""
    shape = tf.shape(logits)
    return tf.nn.ctc_loss(
        labels=labels,
        logits=logits,
        label_length=tf.math.count_nonzero(labels, axis=1, dtype=tf.int32),  # BLANK is 0
        logit_length=tf.fill([shape[0]], shape[1]),
        logits_time_major=False,
        blank_index=BLANK,
    )


def finite_ctc(
    labels: tf.Tensor,
    logits: tf.Tensor,
    kernel: _Kernel = sparse_ctc,
    fallback: _Kernel = dense_ctc,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Computes loss and gradient, once more by another kernel where one is not finite.

    Args:
      labels: int32 [n, longest].
      logits: float32 [n, t, classes].
      kernel: gives losses [n].
      fallback: gives them once more.

    Returns:
      losses [n], their gradients [n, t, classes], and whether the first kernel's were finite.
    """

    def run(by: _Kernel) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = by(labels, logits)
        return losses, tape.gradient(losses, logits)

    losses, gradient = run(kernel)
    # A sum is finite only where every term is.
    finite = tf.math.is_finite(tf.reduce_sum(losses) + tf.reduce_sum(gradient))
    losses, gradient = tf.cond(finite, lambda: (losses, gradient), lambda: run(fallback))
    return losses, gradient, finite
