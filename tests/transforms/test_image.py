import io

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from transforms.image import (
    LINE_HEIGHT,
    MAX_LINE_WIDTH,
    normalise_line,
    quantise_line,
    read_character,
    read_characters,
    read_line,
    read_lines,
)


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def ink():
    """A line with ink 255 on paper 0, of the network's height."""
    pixels = np.zeros((LINE_HEIGHT, 60), np.uint8)
    pixels[8:20, 10:14] = 255
    pixels[12:15, 30:50] = 128
    return pixels


def test_line_of_the_right_height_keeps_its_pixels(ink):
    np.testing.assert_allclose(read_line(png(ink))[:, :, 0], ink / 255.0, atol=1e-6)


def test_both_polarities_give_the_same_line(ink):
    np.testing.assert_allclose(read_line(png(ink)), read_line(png(255 - ink)), atol=1e-6)


def test_faint_ink_on_grey_paper_is_stretched(ink):
    faint = (200 - ink // 4).astype(np.uint8)
    np.testing.assert_allclose(read_line(png(faint)), read_line(png(ink)), atol=0.02)


def test_colour_is_read_as_grey(ink):
    np.testing.assert_allclose(read_line(png(np.stack([ink] * 3, -1))), read_line(png(ink)))


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(56, 120, 60), (14, 30, 60), (1, 1, 28), (280, 5, 1)]
)
def test_height_is_fixed_and_aspect_kept(height, width, expected):
    image = np.random.default_rng(0).integers(0, 255, (height, width), np.uint8)
    assert normalise_line(image).shape == (LINE_HEIGHT, expected, 1)


def test_endless_line_is_squeezed():
    assert normalise_line(np.zeros((1, 4000), np.uint8)).shape[1] == MAX_LINE_WIDTH


@pytest.mark.parametrize("grey", [0, 77, 255])
def test_blank_picture_is_paper(grey):
    line = read_line(png(np.full((40, 90), grey, np.uint8)))
    np.testing.assert_array_equal(line, np.zeros_like(line))


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 2**31 - 1),
)
def test_normalising_what_was_normalised_changes_nothing(height, width, one, other, seed):
    image = np.random.default_rng(seed).choice([one, other], (height, width)).astype(np.uint8)
    once = normalise_line(image)
    # With as much ink as paper a rounding decides which is which.
    assume(abs(float(tf.reduce_mean(once)) - 0.5) > 0.01)
    twice = normalise_line(quantise_line(once))
    np.testing.assert_allclose(twice, once, atol=1.5 / 255)


def test_batch_is_padded_with_paper_and_widths_are_told(ink):
    lines, widths = read_lines(tf.constant([png(ink), png(ink[:, :20])]))
    assert lines.shape == (2, LINE_HEIGHT, 60, 1)
    assert widths.numpy().tolist() == [60, 20]
    np.testing.assert_allclose(lines[1, :, :20], read_line(png(ink[:, :20])), atol=1e-6)
    assert not np.any(lines[1, :, 20:])


def test_graph_and_eager_agree(ink):
    image = tf.constant(png(ink[:, :37]))
    np.testing.assert_array_equal(tf.function(read_line)(image), read_line(image))


def test_what_is_no_picture_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError):
        read_line(tf.constant(b"not a picture"))


def test_a_character_of_another_size_is_framed_as_emnist_does():
    image = np.full((90, 200), 240, np.uint8)
    image[20:68, 100:112] = 15  # ink, 48 high and 12 wide
    read = tf.function(read_character)(tf.io.encode_png(image[:, :, None]))[:, :, 0].numpy()
    rows, columns = np.nonzero(read > 0.5)
    assert (rows.min(), rows.max()) == (2, 25)  # the longer side fills all but the margins
    assert (columns.min(), columns.max()) == (11, 16)


def test_a_character_in_its_frame_keeps_its_pixels():
    image = np.zeros((28, 28), np.uint8)
    image[3:9, 5:9] = 255
    read = read_character(tf.io.encode_png(image[:, :, None]))[:, :, 0].numpy()
    np.testing.assert_array_equal(read * 255, image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (40, 40)])
def test_a_blank_character_stays_blank(shape):
    picture = tf.io.encode_png(np.full((*shape, 1), 200, np.uint8))
    assert not read_characters(tf.stack([picture])).numpy().any()
