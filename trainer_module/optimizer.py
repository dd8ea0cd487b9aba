"""Adam whose clipping sees the gradient of the whole batch, however many replicas share it.

Keras clips the gradient of each replica by itself and adds up what is left, and its loss scaling
looks for overflow on the first replica only: with more replicas the same batch would lead to
another step. Here gradients are added up first. With one replica nothing differs from Keras.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from trainer_module.hyperparameters.base import FLOAT16, Hyperparameters


class GlobalAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015) that clips the sum of the replicas' gradients.

    Takes the arguments of `keras.optimizers.Adam`; `global_clipnorm` must be given.
    """

    def apply(self, grads: Sequence[tf.Tensor], trainable_variables: Any = None) -> None:
        """Takes one step."""
        if count_replicas() > 1:
            whole = [gradient * count_replicas() for gradient in share_gradients(grads)]
            clipped, _ = tf.clip_by_global_norm(whole, self.global_clipnorm)
            # Keras adds the replicas' gradients up, which now are all the same.
            grads = [gradient / count_replicas() for gradient in clipped]
        super().apply(grads, trainable_variables)


class GlobalLossScale(keras.optimizers.LossScaleOptimizer):
    """Dynamic loss scaling that skips a step when the gradient of any replica overflows."""

    def apply(self, grads: Sequence[tf.Tensor], trainable_variables: Any = None) -> None:
        """Takes one step, or none."""
        if count_replicas() > 1:
            grads = share_gradients(grads)
        super().apply(grads, trainable_variables)


def count_replicas() -> int:
    """Returns how many replicas work together where this is called."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def share_gradients(grads: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Returns to each replica its equal share of the sum of all replicas' gradients."""
    summed = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, list(grads))
    return [gradient / count_replicas() for gradient in summed]


def make_optimizer(hyperparameters: Hyperparameters, steps: int) -> keras.optimizers.Optimizer:
    """Makes Adam with linear warm-up and cosine decay to 0 over the planned steps."""
    warmup = max(1, int(steps * hyperparameters.warmup_share))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, steps - warmup),
        warmup_target=hyperparameters.learning_rate,
        warmup_steps=warmup,
    )
    adam = GlobalAdam(schedule, global_clipnorm=hyperparameters.clip_norm)
    return GlobalLossScale(adam) if hyperparameters.precision == FLOAT16 else adam
