"""Fits a network under MirroredStrategy; `run_fn.py` says for which task and exports the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from trainer_module.acceleration import (
    compile_training_call,
    fill_batches,
    make_strategy,
    precision,
)
from trainer_module.callbacks import EndOfEpoch, Progress
from trainer_module.loss_guard import LossGuard
from trainer_module.optimizer import make_optimizer
from trainer_module.task_names import ERROR_NAMES
from trainer_module.tasks.base import TrainingTask
from trainer_module.tracking.tracker import NoTracker, Tracker
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


def train(
    task: TrainingTask,
    train_files: Sequence[str],
    validation_files: Sequence[str],
    train_steps: int,
    seed: int,
    state: TrainingState,
    base_model: Path | None = None,
    stop_after: int | None = None,
    tracker: Tracker | None = None,
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
      stop_after: epochs after which to stop, with the learning rate still where the whole plan
        has it then, so that the same state may go on; None for all of them.
      tracker: begun by the caller; is told of each epoch, those before an interruption included.

    Raises:
      InputError: a split is empty, or an example cannot be learned, or the loss is not finite.
    """
    steps, _ = (task.count_batches(files) for files in (train_files, validation_files))
    plan = TrainingPlan.of(train_steps, steps)
    keras.utils.set_random_seed(seed)
    hyperparameters, strategy = task.hyperparameters, make_strategy()
    with strategy.scope(), precision(hyperparameters.precision):
        model = task.build_network()
        if base_model is not None and not state.history:
            warm_start(task, model, base_model)
        if hyperparameters.xla:
            compile_training_call(
                model, hyperparameters.batch_size // strategy.num_replicas_in_sync
            )
        loss = task.make_loss()
        model.compile(make_optimizer(hyperparameters, plan.steps), loss, jit_compile=False)
        state.restore_last(model)
    tracker = tracker or NoTracker()
    for record in state.history:
        tracker.epoch(record, ())
    epochs = min(plan.epochs, stop_after or plan.epochs)
    if state.epochs_done >= epochs:  # killed after its last epoch, before the export
        return
    validator = task.make_validator(model, validation_files)
    batches = task.training_batches(train_files, seed, state.epochs_done, epochs)
    if strategy.num_replicas_in_sync > 1:
        batches = fill_batches(batches, strategy.num_replicas_in_sync)
    model.fit(
        batches,
        initial_epoch=state.epochs_done,
        epochs=epochs,
        steps_per_epoch=plan.steps_per_epoch,
        verbose=0,
        callbacks=[
            LossGuard(loss, lambda epoch, step: task.name_batch(train_files, seed, epoch, step)),
            EndOfEpoch(validator, state, hyperparameters.patience, seed, tracker),
            Progress(
                epochs * plan.steps_per_epoch,
                state.epochs_done * plan.steps_per_epoch,
                state,
                ERROR_NAMES[task.name],
            ),
        ],
    )
