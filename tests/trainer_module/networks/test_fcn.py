import numpy as np
import pytest
import tensorflow as tf

from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.networks.fcn import Fcn

SMALL = FcnHyperparameters(stem_width=4, widths=(4, 6, 8), convolutions=1)


@pytest.fixture(scope="module")
def network():
    return Fcn(SMALL)


@pytest.mark.parametrize(
    ("given", "expected"), [((64, 64), (16, 16)), ((65, 30), (17, 8)), ((1, 1), (1, 1))]
)
def test_maps_have_a_quarter_of_the_picture(network, given, expected):
    assert network(tf.zeros([2, *given, 1])).shape == (2, *expected, 3)


def test_padding_at_the_right_changes_nothing(network):
    page = np.random.default_rng(0).uniform(size=(1, 64, 40, 1)).astype(np.float32)
    padded = np.pad(page, [(0, 0), (0, 0), (0, 8), (0, 0)])
    alone, among = network(page).numpy(), network(padded).numpy()
    # Both are padded to 48 columns.
    np.testing.assert_allclose(alone, among[:, :, :10], atol=1e-5)


def test_it_begins_without_lines(network):
    maps = Fcn(SMALL)(tf.zeros([1, 64, 64, 1])).numpy()
    assert (maps[..., 0] < 0).all()
    np.testing.assert_allclose(np.exp(maps[..., 1:]), 20, rtol=0.2)


def test_every_layer_is_saved_and_in_the_trunk(network, tmp_path):
    assert sum(len(layer.weights) for layer in network.trunk) == len(
        [weight for weight in network.weights if "seed" not in weight.path]
    )
    path = tmp_path / "network.weights.h5"
    network.save_weights(path)
    other = Fcn(SMALL)
    other.load_weights(path)
    page = np.random.default_rng(0).uniform(size=(1, 64, 64, 1)).astype(np.float32)
    np.testing.assert_allclose(other(page), network(page), atol=1e-6)


def test_dropout_repeats_itself(network):
    page = np.random.default_rng(0).uniform(size=(1, 64, 64, 1)).astype(np.float32)
    seen = []
    for _ in range(2):
        network.reseed(1, 2)
        seen.append(network(page, training=True).numpy())
    np.testing.assert_allclose(*seen, atol=1e-5)
