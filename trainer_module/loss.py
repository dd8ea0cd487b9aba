"""The CTC loss on sparse labels, which on CPU is 7 times faster than on dense ones."""

import keras
import tensorflow as tf

from schema.alphabet import BLANK


@keras.saving.register_keras_serializable(package="handwriting")
class CtcLoss(keras.losses.Loss):
    """Negative log-likelihood of the text, a line's mean over the batch (Graves et al. 2006).

    Shapes: labels [n, longest], class numbers padded with `BLANK`; logits float32 [n, t, classes]
    with padding frames as certain blanks, which leave the likelihood as it is.
    """

    def __init__(self, name: str = "ctc", **kwargs: object) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Returns the loss of each line in nats, float32 [n]."""
        shape = tf.shape(logits)
        return tf.nn.ctc_loss(
            labels=tf.sparse.from_dense(tf.cast(labels, tf.int32)),
            logits=logits,
            label_length=None,
            logit_length=tf.fill([shape[0]], shape[1]),
            logits_time_major=False,
            blank_index=BLANK,
        )
