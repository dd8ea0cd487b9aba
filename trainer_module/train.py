"""Fits the line network under MirroredStrategy; `run_fn.py` feeds it and exports the result."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from schema.alphabet import Alphabet
from trainer_module.callbacks import EndOfEpoch, Progress
from trainer_module.evaluation import Validator
from trainer_module.hyperparameters import LstmCtcHyperparameters
from trainer_module.input_pipeline import (
    evaluation_batches,
    index_lines,
    keep_learnable,
    training_batches,
)
from trainer_module.loss import CtcLoss
from trainer_module.networks.lstm_ctc import LstmCtc
from trainer_module.training_state import TrainingState

EVALUATION_BATCH = 64


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
    hyperparameters: LstmCtcHyperparameters, plan: TrainingPlan
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
    train_files: Sequence[str],
    validation_files: Sequence[str],
    alphabet: Alphabet,
    hyperparameters: LstmCtcHyperparameters,
    train_steps: int,
    seed: int,
    state: TrainingState,
) -> None:
    """Trains until the steps are done or validation CER no longer falls.

    Args:
      train_files: patterns of the transformed training examples.
      validation_files: patterns of the transformed validation examples.
      alphabet: of the texts.
      hyperparameters: of network and training.
      train_steps: rounded to whole epochs.
      seed: of weights, dropout and shuffling.
      state: what an interrupted training left; afterwards the history and the best weights.

    Raises:
      InputError: a split is empty, or a line cannot be learned, or the loss is not finite.
    """
    lines, _ = (
        keep_learnable(index_lines(files), alphabet, hyperparameters.stride)
        for files in (train_files, validation_files)
    )
    plan = TrainingPlan.of(train_steps, lines.batches(hyperparameters.batch_size))
    keras.utils.set_random_seed(seed)
    with tf.distribute.MirroredStrategy().scope():
        model = LstmCtc(hyperparameters, alphabet.num_classes)
        # XLA has no kernel for the sparse CTC loss.
        model.compile(make_optimizer(hyperparameters, plan), CtcLoss(), jit_compile=False)
        state.restore_last(model)
    batches = training_batches(
        train_files,
        alphabet,
        hyperparameters.stride,
        hyperparameters.batch_size,
        seed,
        state.epochs_done,
        plan.epochs,
    )
    validation = evaluation_batches(
        validation_files, alphabet, hyperparameters.stride, EVALUATION_BATCH
    )
    model.fit(
        batches,
        initial_epoch=state.epochs_done,
        epochs=plan.epochs,
        steps_per_epoch=plan.steps_per_epoch,
        verbose=0,
        callbacks=[
            EndOfEpoch(
                Validator(model, validation, alphabet), state, hyperparameters.patience, seed
            ),
            Progress(plan.steps, state.epochs_done * plan.steps_per_epoch, state),
        ],
    )
