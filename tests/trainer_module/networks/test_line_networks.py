import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.networks.line_cnn import LineCnn
from trainer_module.networks.lstm_ctc import LstmCtc
from trainer_module.networks.stem import IMAGE, WIDTH
from transforms.ctc import CERTAIN, decode_greedy
from transforms.image import LINE_HEIGHT

STEM = (ConvBlock(4, kernel=5, stride_y=2, stride_x=2), ConvBlock(6, stride_y=2, stride_x=4))
LSTM = LstmCtcHyperparameters(stem=STEM, lstm_units=(5, 4))
CNN = LineCnnHyperparameters(stem=STEM, filters=7, kernel=3, dilations=(1, 2))


@pytest.fixture(scope="module", params=["lstm_ctc", "line_cnn"])
def network(request):
    tf.keras.utils.set_random_seed(0)
    if request.param == "lstm_ctc":
        network = LstmCtc(LSTM, num_classes=11)
    else:
        network = LineCnn(CNN, num_classes=11)
    # Statistics as after training: untrained ones would hide that padding is not erased.
    rng = np.random.default_rng(0)
    for variable in network.non_trainable_variables:
        if "moving" in variable.path:
            least = -0.5 if "mean" in variable.path else 0.5  # else all would be cut off at 0
            variable.assign(rng.uniform(least, least + 1, variable.shape))
    return network


def lines(*widths):
    rng = np.random.default_rng(1)
    image = np.zeros((len(widths), LINE_HEIGHT, max(widths), 1), np.float32)
    for row, width in enumerate(widths):
        image[row, :, :width] = rng.uniform(size=(LINE_HEIGHT, width, 1))
    return {IMAGE: tf.constant(image), WIDTH: tf.constant(widths, tf.int32)}


@pytest.mark.parametrize(("width", "frames"), [(8, 1), (9, 2), (64, 8), (65, 9)])
def test_a_frame_for_each_started_stride(network, width, frames):
    assert LSTM.stride == CNN.stride == 8
    assert network(lines(width)).shape == (1, frames, 11)


def test_a_line_reads_the_same_alone_and_in_a_batch_of_wider_ones(network):
    batch = lines(83, 200, 131)
    together = network(batch)
    for row, width in enumerate(batch[WIDTH].numpy()):
        alone = network(
            {IMAGE: batch[IMAGE][row : row + 1, :, :width], WIDTH: batch[WIDTH][row : row + 1]}
        )
        frames = alone.shape[1]
        np.testing.assert_allclose(together[row, :frames], alone[0], atol=1e-5)
        np.testing.assert_allclose(
            decode_greedy(together)[1][row], decode_greedy(alone)[1][0], rtol=1e-4
        )


def test_a_line_is_described_the_same_alone_and_in_a_batch_of_wider_ones(network):
    batch = lines(83, 200)
    together = network.describe(batch)
    alone = network.describe({IMAGE: batch[IMAGE][:1, :, :83], WIDTH: batch[WIDTH][:1]})
    assert together.dtype == tf.float32
    assert together.shape == (2, 7 if isinstance(network, LineCnn) else 8)
    np.testing.assert_allclose(together[0], alone[0], atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 1e-3


def test_frames_of_the_padding_are_certain_blanks(network):
    logits = network(lines(16, 80)).numpy()
    assert (logits[0, 2:, 0] == 0).all()
    assert (logits[0, 2:, 1:] == -CERTAIN).all()


def test_a_frame_of_the_line_cnn_sees_as_far_as_its_blocks_say():
    tf.keras.utils.set_random_seed(0)  # one in 300 sets of weights is blind to so small a change
    network = LineCnn(CNN, num_classes=11)
    plain = lines(25 * CNN.stride)
    image = plain[IMAGE].numpy()
    image[:, :, 12 * 8 + 4] = 1.0 - image[:, :, 12 * 8 + 4]
    changed = plain | {IMAGE: tf.constant(image)}
    moved = np.abs(network(plain) - network(changed)).max(axis=(0, 2)) > 1e-7
    reach = 1 + 2 * (1 + 2)  # frames that the context blocks see
    assert moved.any()
    assert np.flatnonzero(moved).min() >= 12 - reach // 2 - 1
    assert np.flatnonzero(moved).max() <= 12 + reach // 2 + 1


def test_without_dropout_there_is_nothing_to_reseed():
    LstmCtc(dataclasses.replace(LSTM, dropout=0.0), num_classes=3).reseed(1, 2)
