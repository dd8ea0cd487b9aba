import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from transforms.components import BACKGROUND, label_components, renumber

in_graph = tf.function(label_components, input_signature=[tf.TensorSpec([None, None], tf.bool)])
masks = hnp.arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def as_partition(labels, background):
    """The sets of pixels, whatever their numbers are."""
    flat = labels.ravel()
    return {
        frozenset(np.flatnonzero(flat == label)) for label in np.unique(flat[flat != background])
    }


@given(masks)
@settings(max_examples=100, deadline=None)
def test_parts_are_those_of_scipy(mask):
    expected, _ = ndimage.label(mask, np.ones((3, 3)))
    found = in_graph(mask).numpy()
    assert as_partition(found, BACKGROUND) == as_partition(expected, 0)


def spiral(side):
    """One path of a pixel's width, wound from the edge to the middle."""
    mask = np.zeros((side, side), bool)
    top, left, bottom, right = 0, 0, side - 1, side - 1
    while top <= bottom and left <= right:
        mask[top, max(left - 2, 0) : right + 1] = True
        mask[top : bottom + 1, right] = True
        mask[bottom, left : right + 1] = True
        mask[top + 2 : bottom + 1, left] = True
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        spiral(101),
        np.ones((64, 200), bool),
        np.zeros((5, 7), bool),
        np.indices((40, 40)).sum(0) % 2 == 0,
    ],
    ids=["spiral", "full", "empty", "checkerboard"],
)
def test_long_ways_and_extremes(mask):
    expected, _ = ndimage.label(mask, np.ones((3, 3)))
    eager, traced = label_components(tf.constant(mask)).numpy(), in_graph(mask).numpy()
    np.testing.assert_array_equal(eager, traced)
    assert as_partition(traced, BACKGROUND) == as_partition(expected, 0)


def test_a_part_is_named_by_its_last_pixel():
    mask = tf.constant([[True, False, True], [True, False, False]])
    # Flat indices: 0 and 3 are one part, 2 the other.
    assert label_components(mask).numpy().tolist() == [[3, -1, 2], [3, -1, -1]]


def test_renumbering_keeps_order():
    numbers, count = renumber(tf.constant([7, 3, 7, 9]))
    assert numbers.numpy().tolist() == [1, 0, 1, 2]
    assert count == 3


def test_renumbering_nothing():
    numbers, count = renumber(tf.zeros([0], tf.int32))
    assert numbers.shape == [0]
    assert count == 0
