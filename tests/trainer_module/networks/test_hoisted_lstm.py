import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer_module.networks.hoisted_lstm import HoistedLstm

LENGTHS = [7, 1, 4, 0]


def pair(policy: str = "float32") -> list[keras.layers.Layer]:
    """Make Keras' layer and ours, with equal weights."""
    made = [
        keras.layers.Bidirectional(kind(5, return_sequences=True, dtype=policy), dtype=policy)
        for kind in (keras.layers.LSTM, HoistedLstm)
    ]
    for layer in made:
        layer.build((None, None, 3))
    weights = [np.random.default_rng(0).normal(size=w.shape) for w in made[0].get_weights()]
    for layer in made:
        layer.set_weights(weights)
    return made


def frames() -> tf.Tensor:
    return tf.constant(np.random.default_rng(1).normal(size=(4, 7, 3)), tf.float32)


def read(layer: keras.layers.Layer, mask: tf.Tensor | None) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the outputs and the gradient of a sum of them."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3])])
    def run(given: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            outputs = layer(given, mask=mask)
            kept = outputs if mask is None else tf.boolean_mask(outputs, mask)
            loss = tf.reduce_sum(tf.cast(kept, tf.float32) ** 2)
        return outputs, tape.gradient(loss, layer.trainable_variables)

    outputs, gradients = run(frames())
    return outputs.numpy(), [gradient.numpy() for gradient in gradients]


@pytest.mark.parametrize("masked", [False, True])
def test_it_computes_what_keras_computes(masked: bool) -> None:
    mask = tf.sequence_mask(LENGTHS, 7) if masked else None
    (expected, slopes), (got, ours) = (read(layer, mask) for layer in pair())
    np.testing.assert_allclose(got, expected, atol=1e-6)
    for slope, our in zip(slopes, ours, strict=True):
        np.testing.assert_allclose(our, slope, atol=1e-5)


def test_it_computes_in_few_bits_where_asked() -> None:
    mask = tf.sequence_mask(LENGTHS, 7)
    (expected, _), (got, _) = (read(layer, mask) for layer in pair("mixed_bfloat16"))
    assert got.dtype == expected.dtype == tf.bfloat16.as_numpy_dtype
    np.testing.assert_allclose(got.astype(np.float32), expected.astype(np.float32), atol=0.05)


def test_its_weights_are_those_of_keras() -> None:
    theirs, ours = ([(w.name, w.shape) for w in layer.weights] for layer in pair())
    assert theirs == ours


@pytest.mark.parametrize("given", [{"activation": "relu"}, {"dropout": 0.1}, {"use_bias": False}])
def test_what_the_loop_does_not_have_is_refused(given: dict) -> None:
    with pytest.raises(ValueError, match="expected an LSTM with"):
        HoistedLstm(3, **given)
