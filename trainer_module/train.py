"""Fits a network under MirroredStrategy; `run_fn.py` says for which task and exports the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from trainer_module.callbacks import EndOfEpoch, Progress
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.task_names import ERROR_NAMES
from trainer_module.tasks.base import TrainingTask
from trainer_module.training_state import TrainingState
from trainer_module.warm_start import warm_start


@dataclass(frozen=True)
class TrainingPlan:
    """How long to train, in whole epochs.

    Args:
      steps_per_epoch: batches of one pass.
      epochs: passes.
    """

    steps_per_epoch: int
    epochs: int

    @classmethod
    def of(cls, train_steps: int, batches: int) -> "TrainingPlan":
        """Rounds a number of steps to whole passes; less than one pass becomes a short one."""
        per_epoch = min(train_steps, batches)
        return cls(per_epoch, max(1, round(train_steps / per_epoch)))

    @property
    def steps(self) -> int:
        """All steps."""
        return self.steps_per_epoch * self.epochs


def make_optimizer(
    hyperparameters: Hyperparameters, plan: TrainingPlan
) -> keras.optimizers.Optimizer:
    """Makes Adam with linear warm-up and cosine decay to 0 over the planned steps."""
    warmup = max(1, int(plan.steps * hyperparameters.warmup_share))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, plan.steps - warmup),
        warmup_target=hyperparameters.learning_rate,
        warmup_steps=warmup,
    )
    return keras.optimizers.Adam(schedule, global_clipnorm=hyperparameters.clip_norm)


def train(
    task: TrainingTask,
    train_files: Sequence[str],
    validation_files: Sequence[str],
    train_steps: int,
    seed: int,
    state: TrainingState,
    base_model: Path | None = None,
) -> None:
    """Trains until the steps are done or the validation error no longer falls.

    Args:
      task: knows batches, network and loss.
      train_files: patterns of the transformed training examples.
      validation_files: patterns of the transformed validation examples.
      train_steps: rounded to whole epochs.
      seed: of weights, dropout and shuffling.
      state: what an interrupted training left; afterwards the history and the best weights.
      base_model: an exported model whose layers the network begins with.

    Raises:
      InputError: a split is empty, or an example cannot be learned, or the loss is not finite.
    """
    batches, _ = (task.count_batches(files) for files in (train_files, validation_files))
    plan = TrainingPlan.of(train_steps, batches)
    keras.utils.set_random_seed(seed)
    with tf.distribute.MirroredStrategy().scope():
        model = task.build_network()
        if base_model is not None and not state.history:
            warm_start(task, model, base_model)
        # XLA has no kernel for the sparse CTC loss.
        model.compile(
            make_optimizer(task.hyperparameters, plan), task.make_loss(), jit_compile=False
        )
        state.restore_last(model)
    if state.epochs_done >= plan.epochs:  # killed after its last epoch, before the export
        return
    validator = task.make_validator(model, validation_files)
    model.fit(
        task.training_batches(train_files, seed, state.epochs_done, plan.epochs),
        initial_epoch=state.epochs_done,
        epochs=plan.epochs,
        steps_per_epoch=plan.steps_per_epoch,
        verbose=0,
        callbacks=[
            EndOfEpoch(validator, state, task.hyperparameters.patience, seed),
            Progress(
                plan.steps,
                state.epochs_done * plan.steps_per_epoch,
                state,
                ERROR_NAMES[task.name],
            ),
        ],
    )
