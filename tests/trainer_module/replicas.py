"""Trains on some logical CPU devices and keeps what came out in `result.npz`.

A program of its own, for logical devices must be asked for before TensorFlow starts, and what one
strategy leaves in a process disturbs the next. Arguments: a folder to work in, the pattern of the
training files, that of the validation files, the number of devices, the precision,
the steps (the usual ones without).
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from schema.alphabet import Alphabet
from trainer_module.acceleration import make_strategy
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.tasks.lines import LinesTask
from trainer_module.train import train
from trainer_module.training_state import TrainingState

ABCD = Alphabet("abcd")
SMALL = LstmCtcHyperparameters(
    stem=(ConvBlock(8, kernel=5, stride_y=2, stride_x=2), ConvBlock(8, stride_y=2, stride_x=4)),
    lstm_units=(16,),
    dropout=0.0,  # each replica draws its own
    batch_size=8,
    learning_rate=0.005,
    clip_norm=0.5,  # below the norms that occur, so that clipping matters
)
STEPS = 28


def main(folder, train_files, validation_files, devices, precision, steps=STEPS):
    """Trains."""
    [cpu] = tf.config.list_physical_devices("CPU")
    logical = [tf.config.LogicalDeviceConfiguration()] * int(devices)
    tf.config.set_logical_device_configuration(cpu, logical)
    task = LinesTask(dataclasses.replace(SMALL, precision=precision), ABCD)
    state = TrainingState.open(folder / "state")
    train(task, [train_files], [validation_files], int(steps), seed=3, state=state)
    network = task.build_network()
    state.restore_best(network)
    np.savez(
        folder / "result.npz",
        *(np.asarray(weight) for weight in network.weights),
        replicas=make_strategy().num_replicas_in_sync,
        losses=[(epoch.loss, epoch.validation_loss) for epoch in state.history],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
