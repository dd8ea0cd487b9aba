import numpy as np
import pytest

from schema.alphabet import Alphabet
from trainer_module.environment import BITWISE, describe_environment, determinism_level
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.tasks.lines import LinesTask
from trainer_module.tracking.tracker import NoTracker
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


class Listening(NoTracker):
    def __init__(self):
        self.told = []

    def epoch(self, epoch, readings):
        self.told.append((epoch, readings))


@pytest.fixture(scope="module")
def files(write_lines, random_texts):
    return write_lines(random_texts[:40]), write_lines(random_texts[100:120])


def fit(files, folder, seed, tracker=None):
    state, task = TrainingState.open(folder), LinesTask(SMALL, ABCD)
    train(task, *files, 10, seed=seed, state=state, tracker=tracker)
    network = task.build_network()
    state.restore_best(network)
    return state, network.get_weights()


@pytest.mark.slow
def test_the_same_run_twice_gives_the_same_weights_and_another_seed_others(files, tmp_path):
    listening = Listening()
    state, first = fit(files, tmp_path / "first", 3, listening)
    _, second = fit(files, tmp_path / "second", 3)
    _, other = fit(files, tmp_path / "other", 4)
    assert determinism_level() == BITWISE
    for one, same in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    # The tracker hears every epoch, with readings and their pictures.
    assert [epoch for epoch, _ in listening.told] == state.history
    readings = listening.told[-1][1]
    assert readings
    assert all(set(each.truth) <= set("abcd") for each in readings)
    assert all(each.picture.dtype == np.uint8 and each.picture.ndim == 2 for each in readings)


def test_the_environment_is_described():
    told = describe_environment()
    assert told["libraries"]["tensorflow"][0].isdigit()
    assert told["determinism"] in ("bitwise", "seeded")
    assert told["devices"]
