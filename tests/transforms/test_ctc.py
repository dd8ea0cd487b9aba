import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import BLANK
from transforms.ctc import blank_padding, decode_greedy, required_frames


def logits_for(path, classes=4, margin=5.0):
    return tf.one_hot([path], classes, on_value=margin, off_value=0.0)


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ([1, 1, 2], [1, 2]),
        ([1, 0, 1], [1, 1]),
        ([0, 0, 0], []),
        ([3, 3, 0, 3, 2], [3, 3, 2]),
        ([0, 2, 0], [2]),
    ],
)
def test_repeats_merge_and_blanks_part(path, spelled):
    classes, _ = decode_greedy(logits_for(path))
    assert [number for number in classes.numpy()[0] if number != BLANK] == spelled


def test_the_path_is_as_likely_as_all_its_frames():
    logits = tf.math.log([[[0.1, 0.8, 0.1], [0.9, 0.05, 0.05], [0.3, 0.2, 0.5]]])
    _, log_probability = decode_greedy(logits)
    assert log_probability.numpy()[0] == pytest.approx(math.log(0.8 * 0.9 * 0.5), rel=1e-5)


def test_padding_changes_neither_reading_nor_its_probability():
    logits = tf.constant(np.random.default_rng(0).normal(size=(1, 9, 5)), tf.float32)
    noise = tf.constant(np.random.default_rng(1).normal(size=(1, 6, 5)), tf.float32)
    padded = blank_padding(tf.concat([logits, noise], 1), tf.constant([9]))
    alone, with_padding = decode_greedy(logits), decode_greedy(padded)
    np.testing.assert_array_equal(alone[0][0], with_padding[0][0, :9])
    np.testing.assert_allclose(alone[1], with_padding[1], rtol=1e-6)


def test_required_frames_is_the_shortest_path_that_spells_the_text():
    def spells(path):
        merged = [number for number, _ in itertools.groupby(path)]
        return [number for number in merged if number != BLANK]

    for length in range(4):
        for text in itertools.product([1, 2], repeat=length):
            frames = next(
                count
                for count in range(8)
                if any(
                    spells(path) == list(text) for path in itertools.product(range(3), repeat=count)
                )
            )
            assert required_frames(text) == frames
