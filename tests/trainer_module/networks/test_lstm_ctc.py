import numpy as np
import pytest
import tensorflow as tf

from trainer_module.hyperparameters import ConvBlock, LstmCtcHyperparameters
from trainer_module.networks.lstm_ctc import IMAGE, WIDTH, LstmCtc
from transforms.ctc import CERTAIN, decode_greedy
from transforms.image import LINE_HEIGHT

SMALL = LstmCtcHyperparameters(
    stem=(ConvBlock(4, kernel=5, stride_y=2, stride_x=2), ConvBlock(6, stride_y=2, stride_x=4)),
    lstm_units=(5, 4),
)


@pytest.fixture(scope="module")
def network():
    network = LstmCtc(SMALL, num_classes=11)
    # Statistics as after training: untrained ones would hide that padding is not erased.
    rng = np.random.default_rng(0)
    for variable in network.non_trainable_variables:
        if "moving" in variable.path:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    return network


def lines(*widths):
    rng = np.random.default_rng(1)
    image = np.zeros((len(widths), LINE_HEIGHT, max(widths), 1), np.float32)
    for row, width in enumerate(widths):
        image[row, :, :width] = rng.uniform(size=(LINE_HEIGHT, width, 1))
    return {IMAGE: tf.constant(image), WIDTH: tf.constant(widths, tf.int32)}


@pytest.mark.parametrize(("width", "frames"), [(8, 1), (9, 2), (64, 8), (65, 9)])
def test_a_frame_for_each_started_stride(network, width, frames):
    assert SMALL.stride == 8
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


def test_frames_of_the_padding_are_certain_blanks(network):
    logits = network(lines(16, 80)).numpy()
    assert (logits[0, 2:, 0] == 0).all()
    assert (logits[0, 2:, 1:] == -CERTAIN).all()


def test_hyperparameters_survive_json():
    import dataclasses
    import json

    restored = json.loads(json.dumps(dataclasses.asdict(SMALL)))
    assert LstmCtcHyperparameters.from_dict(restored) == SMALL
