import itertools

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import BLANK
from trainer_module.loss import CtcLoss
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
