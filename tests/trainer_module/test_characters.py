"""The character networks, from transformed examples to the served answer."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import Alphabet
from schema.errors import InputError
from serving.server.servable import Servable
from serving.signatures import (
    CHARACTER,
    IMAGE_BYTES,
    SERVING_DEFAULT,
    TOP_CHARACTERS,
    TOP_PROBABILITIES,
)
from trainer_module.character_input import count_characters, evaluation_batches, training_batches
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.hyperparameters.mlp import MlpHyperparameters
from trainer_module.networks.stem import IMAGE
from trainer_module.tasks.base import SplitFiles
from trainer_module.tasks.characters import CharactersTask
from trainer_module.train import train
from trainer_module.training_state import TrainingState
from transforms.augmentation_options import AugmentationOptions

ABCD = Alphabet("abcd")
LENET = LenetHyperparameters(batch_size=16, dense_units=16)
MLP = MlpHyperparameters(batch_size=16, dense_units=(32,))


def draw(letters):
    """Draws each letter as a bar at its own height."""
    for letter in letters:
        image = np.zeros((28, 28), np.uint8)
        row = 4 + 5 * "abcd".index(letter)
        image[row : row + 3, 4:24] = 255
        yield letter, image


@pytest.fixture(scope="module")
def files(write_lines):
    return write_lines(list(draw("abcd" * 30))), write_lines(list(draw("abcd" * 5)))


def test_an_epoch_holds_each_character_once_in_an_order_of_its_own(files):
    def classes(first, last):
        batches = training_batches(files[0], ABCD, 16, 1, range(first, last))
        return np.concatenate([label.numpy() for _, label in batches])

    both = classes(0, 2)
    assert len(both) == 240
    assert sorted(both[:120]) == sorted(both[120:])
    assert (both[:120] != both[120:]).any()
    np.testing.assert_array_equal(classes(1, 2), both[120:])


def test_augmentation_disturbs_each_character_anew_and_keeps_its_size(files):
    def pictures(first, last):
        options = AugmentationOptions(shear=0.3, noise=0.1)
        batches = training_batches(files[0], ABCD, 16, 1, range(first, last), options)
        return np.concatenate([inputs[IMAGE].numpy() for inputs, _ in batches])

    both = pictures(0, 2)
    assert both.shape == (240, 28, 28, 1)
    assert len({picture.tobytes() for picture in both}) == 240
    np.testing.assert_array_equal(pictures(1, 2), both[120:])


def test_a_batch_is_named_as_it_was_trained_on(files):
    task = CharactersTask(dataclasses.replace(LENET, batch_size=16), ABCD)
    for step, (_, classes) in enumerate(task.training_batches(files[0], 1, 1, 2)):
        numbers = [
            int(name.removeprefix("train/")) for name in task.name_batch(files[0], 1, 1, step)
        ]
        assert [
            number % 4 for number in numbers
        ] == classes.numpy().tolist()  # "abcd" again and again


def test_a_label_outside_the_alphabet_is_named(files):
    with pytest.raises(InputError, match="'d' in sample"):
        count_characters(files[0], Alphabet("abc"))


def test_no_characters_are_no_training_data(tmp_path):
    with pytest.raises(InputError, match="expected characters"):
        count_characters([str(tmp_path / "none*")], ABCD)


@pytest.mark.slow
@pytest.mark.parametrize("hyperparameters", [LENET, MLP])
def test_learns_to_name_characters_and_serves_the_same(files, tmp_path, hyperparameters):
    task = CharactersTask(hyperparameters, ABCD)
    state = TrainingState.open(tmp_path / "state")
    train(task, *files, 60, seed=1, state=state)
    assert state.best.validation_error == 0
    network = task.build_network()
    state.restore_best(network)
    task.export(network, tmp_path / "model", {}, [], SplitFiles(*files))
    [(inputs, classes)] = evaluation_batches(files[1], ABCD, 100)
    pictures = [
        tf.io.encode_png(tf.cast(tf.round(image * 255), tf.uint8)).numpy()
        for image in inputs[IMAGE]
    ]
    served = Servable(tmp_path / "model")  # in the manner of TensorFlow 1
    outputs = served.predict(SERVING_DEFAULT, {IMAGE_BYTES: np.array(pictures, object)})
    named = [name.decode() for name in outputs[CHARACTER]]
    assert named == [ABCD.symbols[number] for number in classes.numpy()]
    assert outputs[TOP_CHARACTERS][:, 0].tolist() == outputs[CHARACTER].tolist()
    probabilities = tf.nn.softmax(network(inputs)).numpy()
    np.testing.assert_allclose(
        outputs[TOP_PROBABILITIES], -np.sort(-probabilities, axis=1), atol=1e-5
    )
