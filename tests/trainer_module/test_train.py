import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from schema.alphabet import Alphabet
from schema.errors import InputError
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.tasks.lines import LinesTask
from trainer_module.train import TrainingPlan, train
from trainer_module.training_state import TrainingState

ABCD = Alphabet("abcd")
SMALL = LstmCtcHyperparameters(
    stem=(ConvBlock(8, kernel=5, stride_y=2, stride_x=2), ConvBlock(8, stride_y=2, stride_x=4)),
    lstm_units=(16,),
    dropout=0.1,
    batch_size=8,
    learning_rate=0.02,
)


@pytest.fixture(scope="module")
def files(write_lines, random_texts):
    return write_lines(random_texts[:100]), write_lines(random_texts[100:])


def fit(files, folder, steps, hyperparameters=SMALL):
    state = TrainingState.open(folder)
    task = LinesTask(hyperparameters, ABCD)
    train(task, *files, steps, seed=3, state=state)
    network = task.build_network()
    state.restore_best(network)
    return state, network


@pytest.mark.parametrize(
    ("steps", "batches", "expected"), [(100, 10, (10, 10)), (3, 10, (3, 1)), (14, 10, (10, 1))]
)
def test_steps_are_rounded_to_whole_epochs(steps, batches, expected):
    assert dataclasses.astuple(TrainingPlan.of(steps, batches)) == expected


@pytest.mark.slow
def test_learns_to_read_and_keeps_the_best_epoch(files, tmp_path):
    state, _ = fit(files, tmp_path / "state", 200)
    assert state.best.validation_error < 0.1 < state.history[0].validation_error
    assert state.best.validation_error == min(epoch.validation_error for epoch in state.history)


@pytest.mark.slow
def test_a_killed_training_resumes_where_it_was(files, tmp_path):
    program = Path(__file__).with_name("resume_training.py")
    root = program.parents[2]
    done = subprocess.run(
        [sys.executable, program, tmp_path, files[0][0], files[1][0]],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert done.returncode == 0, done.stderr
    epochs_before, _, rest = done.stdout.partition(" ")
    epochs, _, difference = rest.rpartition(" ")
    assert (epochs_before, epochs) == ("2", "[1, 2, 3, 4]")
    assert float(difference) < 1e-5


def test_a_loss_that_is_not_finite_stops_with_the_remedy(files, tmp_path):
    wild = dataclasses.replace(SMALL, learning_rate=1e30)
    with pytest.raises(InputError, match=r"finite loss.*on train/\d+, train/.*learning_rate"):
        fit(files, tmp_path / "state", 26, wild)


def test_without_any_epoch_there_is_no_best(tmp_path):
    with pytest.raises(ValueError, match="no epoch"):
        TrainingState.open(tmp_path).restore_best(tf.keras.Model())
