"""A study of lines that are learned in seconds, and what its trials leave on the disk."""

import dataclasses
import json

import pytest

from trainer_module.history import Epoch
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.hyperparameters.space import Choice, Range
from trainer_module.tuning.study import RANDOM, Run, Study, TrainingData, write_study
from transforms.augmentation_options import AugmentationOptions
from transforms.synthesis_options import SynthesisOptions

SMALL = LstmCtcHyperparameters(
    stem=(ConvBlock(8, kernel=5, stride_y=2, stride_x=2), ConvBlock(8, stride_y=2, stride_x=4)),
    lstm_units=(16,),
    dropout=0.1,
    batch_size=8,
    learning_rate=0.02,
)
SPACE = {
    "learning_rate": Range(0.005, 0.05, log=True),
    "batch_size": Choice((4, 8, 16)),
    "lstm_units": Choice(((16,), (8, 8))),
}
VARIATION = {
    "synthesis": dataclasses.asdict(SynthesisOptions()),
    "augmentation": dataclasses.asdict(AugmentationOptions()),
}


def base_run(**changes):
    hyperparameters = dataclasses.asdict(dataclasses.replace(SMALL, **changes))
    return Run("lstm_ctc", json.loads(json.dumps(hyperparameters)), VARIATION, 3, 40)


@pytest.fixture
def make_study():
    def make(files=(("train/*",), ("validation/*",)), algorithm=RANDOM, space=SPACE, **changes):
        data = TrainingData("lines", "abcd", "bars", tuple(files[0]), tuple(files[1]))
        return Study(data, base_run(), algorithm, space, **changes)

    return make


@pytest.fixture
def write_trial():
    """Writes a trial as Keras Tuner and the training leave it."""

    def write(folder, number, values, errors=(), status="COMPLETED", reason=None):
        trial = folder / f"trial_{number}"
        (trial / "training").mkdir(parents=True)
        told = {"trial_id": str(number), "status": status, "hyperparameters": {"values": values}}
        (trial / "trial.json").write_text(json.dumps(told))
        history = [
            dataclasses.asdict(Epoch(epoch + 1, 1.0, 1.0, error, 2.0, 0.01))
            for epoch, error in enumerate(errors)
        ]
        (trial / "training" / "state.json").write_text(json.dumps({"history": history}))
        if reason:
            (trial / "failure.json").write_text(json.dumps({"reason": reason}))

    return write


@pytest.fixture
def searched(make_study, write_trial, tmp_path):
    """The folder of a search with two trials done, one failed and one begun."""
    folder = tmp_path / "search"
    folder.mkdir()
    write_study(make_study(), folder)
    defaults = {"learning_rate": 0.02, "batch_size": 8, "lstm_units": "16"}
    write_trial(folder, 0, defaults, (0.9, 0.5, 0.6))
    write_trial(folder, 1, {**defaults, "learning_rate": 0.01, "lstm_units": "8,8"}, (0.4, 0.3))
    write_trial(folder, 2, {**defaults, "batch_size": 4}, (), "FAILED", "expected a finite loss")
    write_trial(folder, 10, {**defaults, "batch_size": 16}, (0.7,), "RUNNING")
    return folder
