import numpy as np
import tensorflow as tf

from schema import line_bands
from transforms.page_crop import cut_crop

SIDE = 128
cut = tf.function(
    lambda page, bands, seed, turn, zoom: cut_crop(page, bands, seed, SIDE, turn, zoom),
    input_signature=[
        tf.TensorSpec([None, None, 1]),
        tf.TensorSpec([None, line_bands.COLUMNS]),
        tf.TensorSpec([2], tf.int64),
        tf.TensorSpec([]),
        tf.TensorSpec([]),
    ],
)


def page_with_a_stroke():
    """A level stroke on which the baseline lies."""
    page = np.zeros((300, 400, 1), np.float32)
    page[148:153, 50:350] = 1
    row = np.zeros((1, line_bands.COLUMNS), np.float32)
    row[0, line_bands.X] = np.linspace(50, 350, line_bands.POINTS)
    row[0, line_bands.Y] = 150.5
    return page, row


def test_bands_move_with_the_picture():
    page, bands = page_with_a_stroke()
    seen = 0
    for seed in range(12):
        crop, moved = cut(page, bands, [seed, 0], 0.1, 1.3)
        assert crop.shape == (SIDE, SIDE, 1)
        # Without the ends, where the stroke ends too.
        x, y = (moved.numpy()[0, part][1:-1] for part in (line_bands.X, line_bands.Y))
        inside = (x > 4) & (x < SIDE - 4) & (y > 4) & (y < SIDE - 4)
        for column, row in zip(x[inside], y[inside], strict=True):
            assert crop.numpy()[int(row), int(column), 0] > 0.3
            seen += 1
    assert seen > 20


def test_the_same_seed_cuts_the_same_crop():
    page, bands = page_with_a_stroke()
    first, second = (cut(page, bands, [3, 4], 0.1, 1.3)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other, _ = cut(page, bands, [3, 5], 0.1, 1.3)
    assert np.abs(first - other).max() > 0.1


def test_a_page_smaller_than_the_crop_lies_on_paper():
    page, bands = page_with_a_stroke()
    crop, _ = cut(page[140:160, :60], bands, [0, 0], 0.0, 1.0)
    assert crop.shape == (SIDE, SIDE, 1)
    assert np.count_nonzero(crop.numpy() > 0.3) < 0.1 * SIDE * SIDE


def test_values_stay_in_range():
    page, bands = page_with_a_stroke()
    for seed in range(4):
        crop = cut(page, bands, [seed, 1], 0.1, 1.3)[0].numpy()
        assert crop.min() >= 0
        assert crop.max() <= 1
