"""The recurrent network survives the conversion to LiteRT, padding and all."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import LATIN
from serving.litert import QUANTISED, LiteRtOptions, export_litert
from serving.litert_reader import load_litert
from trainer_module.hyperparameters import LstmCtcHyperparameters
from trainer_module.networks.lstm_ctc import IMAGE, WIDTH, LstmCtc

LINES = [
    np.random.default_rng(width).random((28, width), np.float32) for width in (1, 61, 200, 256)
]


@pytest.fixture(scope="module")
def network():
    tf.keras.utils.set_random_seed(0)
    network = LstmCtc(LstmCtcHyperparameters(lstm_units=(24,)), LATIN.num_classes)
    # Far from its initial state the network reads something in every frame.
    for variable in network.trainable_variables:
        variable.assign(variable + 0.3 * tf.random.normal(variable.shape))
    return network


def export(network, path, options):
    return export_litert(
        lambda lines, widths: network({IMAGE: lines, WIDTH: widths}, training=False),
        [variable.value for variable in network.variables],
        LATIN,
        LINES,
        path,
        options,
    )


def test_a_padded_line_reads_as_the_network_reads_it(network, tmp_path):
    parity = export(network, tmp_path / "a.tflite", LiteRtOptions(columns=256))
    assert (parity.lines, parity.other_texts) == (4, 0)
    reader = load_litert(tmp_path / "a.tflite", LATIN)
    for line in LINES:
        alone = network({IMAGE: line[None, :, :, None], WIDTH: tf.constant([line.shape[1]])})
        got = reader.logits(line)
        np.testing.assert_allclose(got[: alone.shape[1]], alone[0], atol=1e-3)
        assert np.all(got[alone.shape[1] :].argmax(axis=1) == 0)


def test_eight_bits_are_a_third_of_the_size(network, tmp_path):
    export(network, tmp_path / "a.tflite", LiteRtOptions(columns=256))
    # Random weights are far more sensitive than trained ones: size is what is tested.
    rough = dataclasses.replace(QUANTISED, columns=256, max_difference=50, max_other_texts=1)
    export(network, tmp_path / "b.tflite", rough)
    sizes = [(tmp_path / name).stat().st_size for name in ("a.tflite", "b.tflite")]
    assert sizes[1] < 0.5 * sizes[0]
