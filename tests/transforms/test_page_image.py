import numpy as np
import pytest
import tensorflow as tf

from transforms.page_image import WORKING_SIDE, normalise_page, scale_page

in_graph = tf.function(
    lambda grey: normalise_page(scale_page(grey)[0]),
    input_signature=[tf.TensorSpec([None, None], tf.uint8)],
)


def page(height=300, width=200, paper=200, ink=40):
    grey = np.full((height, width), paper, np.uint8)
    grey[100:104, 20:180] = ink
    return grey


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((3300, 2550), (1024, 791)),  # 2550 * 1024 / 3300 = 791.3
        ((600, 2048), (300, 1024)),
        ((1024, 700), (1024, 700)),
        ((50, 80), (50, 80)),  # never enlarged
        ((1, 5000), (1, 1024)),
    ],
)
def test_the_longer_side_becomes_the_working_side(given, expected):
    scaled, scale = scale_page(np.zeros(given, np.uint8))
    assert scaled.shape == expected
    np.testing.assert_allclose(scale, np.divide(expected, given), rtol=1e-6)
    assert max(scaled.shape) <= WORKING_SIDE


def test_scaling_twice_is_scaling_once():
    once, _ = scale_page(page(3000, 2000))
    twice, scale = scale_page(once)
    np.testing.assert_array_equal(once, twice)
    assert scale.numpy().tolist() == [1, 1]


def test_ink_is_bright_and_paper_dark():
    ink = in_graph(page()).numpy()
    assert ink.shape == (300, 200, 1)
    assert ink[102, 100] == pytest.approx(1)
    assert ink[200, 100] == 0


def test_bright_ink_on_dark_paper_is_the_same():
    np.testing.assert_allclose(
        in_graph(255 - page(paper=255)), in_graph(page(paper=255)), atol=1e-5
    )


def test_a_dark_table_around_the_page_does_not_turn_it_over():
    photograph = np.full((300, 600), 10, np.uint8)
    photograph[:, 200:400] = page()
    for row in range(20, 280, 20):
        photograph[row : row + 4, 220:380] = 40
    assert in_graph(photograph)[102, 300, 0].numpy() > 0.8


def test_a_shadow_leaves_nothing_on_the_paper():
    light = np.linspace(1, 0.5, 300)[:, None]
    ink = in_graph((page() * light).astype(np.uint8)).numpy()
    assert ink[150:].max() < 0.15
    assert ink[102, 100] > 0.8


@pytest.mark.parametrize("grey", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (64, 64)])
def test_a_blank_page_has_no_ink(grey, shape):
    ink = in_graph(np.full(shape, grey, np.uint8)).numpy()
    assert ink.shape == (*shape, 1)
    assert not ink.any()


def test_eager_and_traced_agree():
    grey = page()
    np.testing.assert_allclose(normalise_page(tf.constant(grey)), in_graph(grey), atol=1e-6)
