"""Boxes are written as (ymin, xmin, ymax, xmax) in the order in which they are to be read."""

import numpy as np
import pytest
import tensorflow as tf

from transforms.reading_order import reading_order

in_graph = tf.function(reading_order, input_signature=[tf.TensorSpec([None, 4], tf.float32)])

LETTER = [
    (10, 600, 40, 900),  # a date on the right
    (60, 50, 90, 300),  # a salutation below it, on the left
    (100, 150, 130, 900),  # paragraph
    (140, 50, 170, 880),
    (180, 50, 210, 400),
    (220, 500, 250, 800),  # closing on the right
    (260, 600, 290, 950),  # signature
    (300, 50, 330, 250),  # a place on the left, below it
]
TWO_COLUMNS = [
    (10, 50, 40, 900),  # a heading over both
    (60, 50, 90, 440),
    (100, 50, 130, 430),
    (140, 50, 170, 440),
    (180, 50, 210, 200),  # lower than anything on the right
    (55, 500, 85, 900),  # not at the same heights
    (95, 500, 125, 890),
    (230, 50, 260, 900),  # a footer over both
]
TWO_SECTIONS = [
    (10, 50, 30, 300),
    (40, 50, 60, 300),
    (10, 400, 30, 700),
    (40, 400, 60, 700),
    (80, 50, 100, 700),  # a headline over both columns
    (120, 50, 140, 300),
    (160, 50, 180, 300),
    (120, 400, 140, 700),
    (160, 400, 180, 700),
]
PIECES = [
    (10, 50, 40, 300),
    (14, 350, 44, 600),  # the same line goes on, a little lower
    (6, 650, 36, 900),  # and higher
    (60, 50, 90, 900),
]
TILTED = [(10 + 30 * n, 50, 55 + 30 * n, 900) for n in range(5)]  # boxes overlap each other
CASES = {
    "letter": LETTER,
    "columns": TWO_COLUMNS,
    "sections": TWO_SECTIONS,
    "pieces": PIECES,
    "tilted": TILTED,
    "one": [(0, 0, 1, 1)],
}


@pytest.mark.parametrize("boxes", CASES.values(), ids=CASES)
@pytest.mark.parametrize("seed", range(3))
def test_order_does_not_depend_on_the_order_given(boxes, seed):
    given = np.random.default_rng(seed).permutation(len(boxes))
    shuffled = np.asarray(boxes, np.float32)[given]
    for order in (reading_order(shuffled), in_graph(shuffled)):
        assert given[order.numpy()].tolist() == list(range(len(boxes)))


def test_no_lines():
    assert in_graph(tf.zeros([0, 4])).shape == [0]


def test_a_tangle_gives_each_line_once():
    boxes = np.random.default_rng(0).uniform(0, 100, (40, 2, 2)).astype(np.float32)
    boxes = np.sort(boxes, axis=1).reshape(40, 4)  # ymin xmin ymax xmax
    assert sorted(in_graph(boxes).numpy()) == list(range(40))
