import numpy as np
import pytest

from schema.alphabet import Alphabet
from schema.errors import InputError
from serving.model_folder import EXTRA_ASSETS, WEIGHTS_FILE
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.hyperparameters.mlp import MlpHyperparameters
from trainer_module.tasks.base import SplitFiles
from trainer_module.tasks.characters import CharactersTask
from trainer_module.tasks.detector import DetectorTask
from trainer_module.tasks.lines import LinesTask
from trainer_module.warm_start import warm_start

STEM = (ConvBlock(4, stride_y=2, stride_x=2), ConvBlock(6, stride_y=2, stride_x=2))
LINES = LstmCtcHyperparameters(stem=STEM, lstm_units=(5,))
CHARACTERS = LenetHyperparameters(stem=STEM, dense_units=7)


@pytest.fixture
def export(tmp_path, write_lines):
    files = SplitFiles(write_lines(["ab", "ba"]), write_lines(["abc"]))

    def run(task):
        import dataclasses

        network = task.build_network()
        for variable in network.variables:
            variable.assign(variable + np.random.default_rng(0).uniform(size=variable.shape))
        card = {
            "task": task.name,
            "network": task.hyperparameters.network,
            "hyperparameters": dataclasses.asdict(task.hyperparameters),
            "alphabet": task.alphabet.symbols,
        }
        task.export(network, tmp_path / "model", card, [], files)
        network.save_weights(tmp_path / "model" / EXTRA_ASSETS / WEIGHTS_FILE)
        return network, tmp_path / "model"

    return run


def assert_same(left, right):
    for one, other in zip(left.get_weights(), right.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_line_network_takes_the_convolutions_of_a_character_network(export):
    source, folder = export(CharactersTask(CHARACTERS, Alphabet("abc")))
    task = LinesTask(LINES, Alphabet("abcd"))
    network = task.build_network()
    taken = warm_start(task, network, folder)
    assert len(taken) == len(STEM)
    for new, old in zip(network.stem.blocks, source.stem, strict=True):
        assert_same(new, old)


def test_a_line_network_takes_all_and_the_symbols_that_both_know(export):
    source, folder = export(LinesTask(LINES, Alphabet("abc")))
    task = LinesTask(LINES, Alphabet("cxb"))
    network = task.build_network()
    before = network.classify.get_weights()
    assert warm_start(task, network, folder)[-1] == "2 symbols"
    assert_same(network.recurrent[0], source.recurrent[0])
    kernel, bias = network.classify.get_weights()
    old_kernel, old_bias = source.classify.get_weights()
    # Classes: blank, c, x, b here; blank, a, b, c there.
    np.testing.assert_array_equal(kernel[:, [0, 1, 3]], old_kernel[:, [0, 3, 2]])
    np.testing.assert_array_equal(bias[[0, 1, 3]], old_bias[[0, 3, 2]])
    np.testing.assert_array_equal(kernel[:, 2], before[0][:, 2])


def test_layers_of_other_shapes_are_refused(export):
    _, folder = export(CharactersTask(MlpHyperparameters(dense_units=(3,)), Alphabet("ab")))
    task = LinesTask(LINES, Alphabet("ab"))
    with pytest.raises(InputError, match="same shapes"):
        warm_start(task, task.build_network(), folder)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    task = LinesTask(LINES, Alphabet("ab"))
    with pytest.raises(InputError, match="has pushed"):
        warm_start(task, task.build_network(), tmp_path)


def test_a_detector_begins_with_a_detector(export):
    hyperparameters = FcnHyperparameters(stem_width=4, widths=(4, 6), convolutions=1)
    task = DetectorTask(hyperparameters, Alphabet("ab"))
    source, folder = export(task)
    network = task.build_network()
    assert len(warm_start(task, network, folder)) == len(network.trunk)
    assert_same(network.head, source.head)
