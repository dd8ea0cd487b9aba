import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.crop import box_extents, crop, ink_extent


def extents(boxes, height=100, width=200):
    return (
        box_extents(tf.constant(boxes, tf.float32), tf.constant([height, width])).numpy().tolist()
    )


def test_a_box_grows_to_whole_pixels():
    assert extents([[30.0, 50.0, 70.0, 150.0]]) == [[30, 50, 70, 150]]
    assert extents([[30.6, 50.2, 70.1, 150.9]]) == [[30, 50, 71, 151]]


def test_a_box_that_sticks_out_is_cut_at_the_edge():
    assert extents([[-9.0, 190.0, 40.0, 230.0], [90.0, -1.0, 101.0, 10.0]]) == [
        [0, 190, 40, 200],
        [90, 0, 100, 10],
    ]


def test_a_box_off_the_page_or_upside_down_is_a_pixel():
    assert extents([[300.0, 300.0, 400.0, 400.0], [50.0, 60.0, 40.0, 20.0]]) == [
        [99, 199, 100, 200],
        [50, 60, 51, 61],
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


def page_with_ink(top, bottom, paper=230, ink=30):
    page = np.full((200, 100), paper, np.uint8)
    page[top:bottom, 10:90] = ink
    return tf.constant(page)


@pytest.mark.parametrize("wrap", [lambda narrow: narrow, tf.function])
@pytest.mark.parametrize(("paper", "ink"), [(230, 30), (20, 200)])
def test_paper_above_and_below_the_ink_is_cut_off(wrap, paper, ink):
    narrow = wrap(ink_extent)
    # 50 pixels of ink, 4 of margin on either side.
    page = page_with_ink(60, 110, paper, ink)
    assert narrow(page, tf.constant([20, 0, 160, 100])).numpy().tolist() == [56, 0, 114, 100]
    # The box ends before the margin does.
    assert narrow(page, tf.constant([58, 0, 111, 100])).numpy().tolist() == [58, 0, 111, 100]


def test_a_dash_keeps_a_third_of_its_box():
    # 10 pixels of ink in 150: 20 of margin on either side.
    extent = ink_extent(page_with_ink(100, 110), tf.constant([10, 0, 160, 100]))
    assert extent.numpy().tolist() == [80, 0, 130, 100]


def test_a_speck_is_no_row_of_ink():
    page = page_with_ink(60, 110).numpy()
    page[30, 50:53] = 30  # 3 of the 80 pixels of a full row
    assert ink_extent(page, tf.constant([20, 0, 160, 100])).numpy().tolist() == [56, 0, 114, 100]


def test_a_blank_box_stays_as_it_is():
    extent = ink_extent(tf.fill([50, 40], tf.constant(99, tf.uint8)), tf.constant([3, 4, 30, 40]))
    assert extent.numpy().tolist() == [3, 4, 30, 40]


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**31 - 1))
def test_whatever_the_page_something_within_the_box_is_left(height, width, seed):
    page = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    top, left, bottom, right = ink_extent(page, tf.constant([0, 0, height, width])).numpy()
    assert 0 <= top < bottom <= height
    assert (left, right) == (0, width)
