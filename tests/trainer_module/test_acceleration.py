import keras
import numpy as np
import pytest
import tensorflow as tf

from schema.errors import InputError
from trainer_module.acceleration import (
    compile_training_call,
    fill_batches,
    make_strategy,
    precision,
)
from trainer_module.hyperparameters.base import BFLOAT16, FLOAT16, PRECISIONS, ConvBlock
from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.networks.line_cnn import LineCnn
from trainer_module.networks.lstm_ctc import LstmCtc
from trainer_module.networks.stem import IMAGE, WIDTH
from trainer_module.optimizer import GlobalAdam, GlobalLossScale, make_optimizer

STEM = (ConvBlock(4, kernel=5, stride_y=2, stride_x=2), ConvBlock(6, stride_y=2, stride_x=4))
SMALL = LstmCtcHyperparameters(stem=STEM, lstm_units=(5,), dropout=0.0)


def lines(count, width=64):
    picture = np.random.default_rng(0).uniform(size=(count, 28, width, 1))
    widths = tf.fill([count], width - 10)
    return {IMAGE: tf.constant(picture, tf.float32), WIDTH: widths}


def test_one_replica_where_there_is_one_device():
    if tf.config.list_logical_devices("GPU"):
        pytest.skip("there are GPUs: as many replicas as those")
    assert make_strategy().num_replicas_in_sync == 1


def test_a_rest_is_filled_up_with_examples_that_weigh_nothing():
    batches = tf.data.Dataset.from_tensors(({"x": tf.range(5)}, tf.range(5) * 10))
    [(inputs, labels, weights)] = fill_batches(batches, 3)
    assert inputs["x"].numpy().tolist() == [0, 1, 2, 3, 4, 0]
    assert labels.numpy().tolist() == [0, 10, 20, 30, 40, 0]
    # Keras' mean over six of them is the mean over the five: 6/5 each.
    np.testing.assert_allclose(weights, [1.2] * 5 + [0.0])


@pytest.mark.parametrize(("there", "filled"), [(1, 4), (4, 4), (8, 8), (9, 12)])
def test_every_replica_gets_equally_many(there, filled):
    batches = tf.data.Dataset.from_tensors((tf.range(there), tf.range(there)))
    [(inputs, _, weights)] = fill_batches(batches, 4)
    assert len(inputs) == filled
    assert float(tf.reduce_sum(weights)) == pytest.approx(filled)


def test_precision_ends_with_its_block():
    before = keras.config.dtype_policy().name
    with precision(BFLOAT16):
        assert keras.config.dtype_policy().name == BFLOAT16
    assert keras.config.dtype_policy().name == before


@pytest.mark.parametrize("policy", [BFLOAT16, FLOAT16])
@pytest.mark.parametrize(
    ("network", "hyperparameters"),
    [(LstmCtc, SMALL), (LineCnn, LineCnnHyperparameters(stem=STEM, filters=8, dropout=0.0))],
)
def test_mixed_networks_keep_weights_and_logits_in_float32(policy, network, hyperparameters):
    exact = network(hyperparameters, 7)
    with precision(policy):
        mixed = network(hyperparameters, 7)
    mixed.set_weights(exact.get_weights())
    assert {weight.dtype for weight in mixed.trainable_weights} == {"float32"}
    logits = mixed(lines(3))
    assert logits.dtype == tf.float32
    np.testing.assert_allclose(logits, exact(lines(3)), atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 3])  # a full batch, which is compiled, and a rest
def test_a_compiled_network_computes_the_same(count):
    network = LstmCtc(SMALL, 7)
    plain = network(lines(count), training=True).numpy()
    compile_training_call(network, 4)
    run = tf.function(lambda batch: network(batch, training=True), reduce_retracing=True)
    np.testing.assert_allclose(run(lines(count)), plain, atol=1e-4)
    assert network(lines(2), training=False).shape == (2, 8, 7)


def test_an_unknown_precision_is_refused():
    with pytest.raises(InputError, match="mixed_bfloat16"):
        LstmCtcHyperparameters(precision="float8")


@pytest.mark.parametrize("policy", PRECISIONS)
def test_only_half_precision_scales_the_loss(policy):
    optimizer = make_optimizer(LstmCtcHyperparameters(precision=policy), 100)
    assert type(optimizer) is (GlobalLossScale if policy == FLOAT16 else GlobalAdam)
