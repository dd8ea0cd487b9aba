"""Trains once in one go and once with a break, and prints the largest difference of a weight.

A program of its own, for op determinism holds for a whole process: without it, sums in another
order differ in the last digit, and Adam turns the sign of a vanishing gradient into a full step.
Arguments: a folder to work in, the pattern of the training files, that of the validation files.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from schema.alphabet import Alphabet
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.tasks.lines import LinesTask
from trainer_module.train import train
from trainer_module.training_state import TrainingState

ABCD = Alphabet("abcd")
SMALL = LstmCtcHyperparameters(
    stem=(ConvBlock(8, kernel=5, stride_y=2, stride_x=2), ConvBlock(8, stride_y=2, stride_x=4)),
    lstm_units=(16,),
    dropout=0.1,
    batch_size=8,
    learning_rate=0.02,
)
STEPS, KILLED_AFTER = 52, 2


class KilledError(Exception):
    """Stands for a signal."""


class MortalState(TrainingState):
    """Dies after the state of an epoch is saved."""

    def save(self, model, record):
        """Saves, then dies."""
        super().save(model, record)
        if record.number == KILLED_AFTER:
            raise KilledError


def fit(files, state):
    """Trains and returns the weights of the best epoch."""
    task = LinesTask(SMALL, ABCD)
    train(task, [files[0]], [files[1]], STEPS, seed=3, state=state)
    network = task.build_network()
    state.restore_best(network)
    return [np.asarray(weight) for weight in network.weights]


def main(folder, *files):
    """Runs both trainings."""
    tf.config.experimental.enable_op_determinism()
    whole = fit(files, TrainingState.open(folder / "whole"))
    try:
        fit(files, MortalState.open(folder / "killed"))
    except KilledError:
        done = TrainingState.open(folder / "killed").epochs_done
    resumed_state = TrainingState.open(folder / "killed")
    resumed = fit(files, resumed_state)
    epochs = [epoch.number for epoch in resumed_state.history]
    largest = max(np.abs(left - right).max() for left, right in zip(whole, resumed, strict=True))
    sys.stdout.write(f"{done} {epochs} {largest:.3g}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
