import itertools

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import BLANK
from trainer_module.loss import CtcLoss, dense_ctc, finite_ctc, sparse_ctc
from transforms.ctc import blank_padding


def enumerate_likelihood(logits, text):
    """Sums the probability of every path that spells the text."""
    probability = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(logits.shape[-1]), repeat=len(logits)):
        merged = [number for number, _ in itertools.groupby(path) if number != BLANK]
        if merged == list(text):
            total += np.prod([probability[frame, number] for frame, number in enumerate(path)])
    return total


@pytest.mark.parametrize("text", [(1,), (1, 2), (2, 2), (1, 2, 1)])
def test_agrees_with_an_enumeration_of_all_paths(text):
    logits = np.random.default_rng(len(text)).normal(size=(5, 3)).astype(np.float32)
    loss = CtcLoss()(tf.constant([text]), tf.constant(logits[None]))
    assert float(loss) == pytest.approx(-np.log(enumerate_likelihood(logits, text)), rel=1e-4)


def test_padding_of_frames_and_labels_changes_nothing():
    logits = tf.constant(np.random.default_rng(0).normal(size=(1, 6, 4)), tf.float32)
    padded = blank_padding(tf.pad(logits, [[0, 0], [0, 5], [0, 0]]), tf.constant([6]))
    alone = CtcLoss()(tf.constant([[1, 3]]), logits)
    assert float(CtcLoss()(tf.constant([[1, 3, BLANK]]), padded)) == pytest.approx(
        float(alone), rel=1e-5
    )


def test_gradient_leaves_the_padding_alone():
    logits = tf.Variable(np.random.default_rng(0).normal(size=(1, 6, 4)), dtype=tf.float32)
    with tf.GradientTape() as tape:
        loss = CtcLoss()(tf.constant([[1, 3]]), blank_padding(logits, tf.constant([4])))
    gradient = tape.gradient(loss, logits).numpy()
    assert np.abs(gradient[0, :4]).max() > 0
    assert np.abs(gradient[0, 4:]).max() == 0


LABELS = tf.constant([[1, 2, 2], [3, BLANK, BLANK]])
LOGITS = tf.constant(np.random.default_rng(5).normal(size=(2, 7, 4)), tf.float32)


def spoilt(part):
    """The sparse kernel as cuDNN has been seen to be: one line is not finite."""

    def kernel(labels, logits):
        if part == "loss":
            return tf.where([True, False], sparse_ctc(labels, logits), np.inf)
        return sparse_ctc(labels, poison(logits))

    @tf.custom_gradient
    def poison(logits):
        return tf.identity(logits), lambda upstream: upstream * np.nan

    return kernel


def test_both_kernels_agree_in_loss_and_gradient():
    first, second = (finite_ctc(LABELS, LOGITS, kernel) for kernel in (sparse_ctc, dense_ctc))
    np.testing.assert_allclose(first[0], second[0], rtol=1e-5)
    np.testing.assert_allclose(first[1], second[1], atol=1e-5)


@pytest.mark.parametrize("part", ["loss", "gradient"])
@pytest.mark.parametrize("wrap", [lambda function: function, tf.function])
def test_a_kernel_that_is_not_finite_is_replaced(part, wrap):
    right = finite_ctc(LABELS, LOGITS)
    rescued = wrap(lambda: finite_ctc(LABELS, LOGITS, spoilt(part)))()
    assert bool(right[2])
    assert not bool(rescued[2])
    np.testing.assert_allclose(rescued[0], right[0], rtol=1e-5)
    np.testing.assert_allclose(rescued[1], right[1], atol=1e-5)


def test_the_loss_trains_on_what_the_fallback_gives_and_counts_it(monkeypatch):
    monkeypatch.setattr("trainer_module.loss.finite_ctc.__defaults__", (spoilt("loss"), dense_ctc))
    loss, logits = CtcLoss(), tf.Variable(LOGITS)
    with tf.GradientTape() as tape:
        value = loss(LABELS, logits)
    assert float(value) == pytest.approx(float(tf.reduce_mean(dense_ctc(LABELS, LOGITS))), rel=1e-5)
    gradient = tape.gradient(value, logits)
    # Of the mean over two lines.
    np.testing.assert_allclose(gradient, finite_ctc(LABELS, LOGITS, dense_ctc)[1] / 2, atol=1e-6)
    assert loss.fallbacks == 1


def test_fallbacks_stay_at_zero_where_all_is_finite():
    loss = CtcLoss()
    loss(LABELS, LOGITS)
    assert loss.fallbacks == 0
