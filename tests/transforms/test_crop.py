import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.crop import box_extents, crop


def extents(boxes, height=100, width=200):
    return (
        box_extents(tf.constant(boxes, tf.float32), tf.constant([height, width])).numpy().tolist()
    )


def test_a_box_grows_by_a_tenth_of_its_height_on_each_side():
    # 40 high: 4 pixels on each side.
    assert extents([[30.0, 50.0, 70.0, 150.0]]) == [[26, 46, 74, 154]]
    # 5 high: half a pixel, then out to whole ones.
    assert extents([[30.0, 50.0, 35.0, 150.0]]) == [[29, 49, 36, 151]]


def test_a_box_at_the_edge_stays_on_the_page():
    assert extents([[0.0, 0.0, 100.0, 200.0], [-9.0, 190.0, 40.0, 230.0]]) == [
        [0, 0, 100, 200],
        [0, 185, 45, 200],
    ]


def test_no_boxes_give_no_extents():
    assert box_extents(tf.zeros([0, 4]), tf.constant([10, 10])).shape == (0, 4)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 4), min_size=1, max_size=3),
    st.integers(1, 50),
    st.integers(1, 50),
)
def test_whatever_the_box_a_pixel_of_the_page_is_cut(boxes, height, width):
    page = tf.zeros([height, width], tf.uint8)
    for extent in box_extents(tf.constant(boxes, tf.float32), tf.shape(page)):
        assert tf.size(crop(page, extent)) > 0


@pytest.mark.parametrize("wrap", [lambda cut: cut, tf.function])
def test_the_extent_is_cut(wrap):
    page = np.arange(20, dtype=np.uint8).reshape(4, 5)
    cut = wrap(crop)(tf.constant(page), tf.constant([1, 2, 3, 5]))
    assert cut.numpy().tolist() == [[7, 8, 9], [12, 13, 14]]
