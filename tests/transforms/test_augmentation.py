import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.errors import InputError
from transforms.augmentation import (
    CUTOUT_SPACING,
    add_noise,
    adjust,
    augment,
    cut_out,
    elastic_field,
    resample,
    thicken,
)
from transforms.augmentation_options import AugmentationOptions

EVERYTHING = AugmentationOptions(
    shear=0.3,
    stretch=0.2,
    tilt=2.0,
    shift=1.5,
    elastic=1.0,
    stroke=0.5,
    brightness=0.1,
    contrast=0.2,
    noise=0.05,
    cutout=5,
)


def seeded(number):
    return tf.constant(number, tf.int64)


def random_picture(width, height=28, seed=0):
    values = np.random.default_rng(seed).uniform(size=(height, width, 1))
    return tf.constant(values, tf.float32)


def dot(row, column, height=9, width=11):
    picture = np.zeros((height, width, 1), np.float32)
    picture[row, column] = 1.0
    return tf.constant(picture)


def test_without_options_nothing_changes():
    picture = random_picture(50)
    assert AugmentationOptions().idle
    np.testing.assert_array_equal(augment(picture, seeded(1), AugmentationOptions()), picture)


@settings(deadline=None, max_examples=20)
@given(width=st.integers(1, 200), seed=st.integers(0, 2**31 - 1))
def test_pictures_of_any_width_stay_pictures(width, seed):
    made = augment(random_picture(width), seeded(seed), EVERYTHING).numpy()
    assert made.shape[0] == 28
    assert round(0.8 * width) - 1 <= made.shape[1] <= round(1.2 * width) + 1
    assert 0.0 <= made.min() <= made.max() <= 1.0


def test_only_the_seed_decides_eagerly_and_inside_a_data_set():
    picture = random_picture(90)
    eager = augment(picture, seeded(5), EVERYTHING)
    data = tf.data.Dataset.from_tensors(picture).map(lambda x: augment(x, seeded(5), EVERYTHING))
    np.testing.assert_allclose(next(iter(data)), eager, atol=1e-5)
    other = augment(picture, seeded(6), EVERYTHING)
    assert other.shape != eager.shape or not np.allclose(other, eager)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(EVERYTHING)])
def test_each_kind_does_something_alone_and_only_stretching_changes_the_width(name):
    alone = AugmentationOptions(**{name: getattr(EVERYTHING, name)})
    picture = random_picture(120)
    made = [augment(picture, seeded(seed), alone) for seed in range(4)]
    assert any(each.shape != picture.shape or not np.allclose(each, picture) for each in made)
    assert (name == "stretch") == any(each.shape != picture.shape for each in made)


def test_a_character_keeps_its_size():
    character = random_picture(28)
    made = [augment(character, seeded(seed), EVERYTHING, keep_width=True) for seed in range(6)]
    assert {tuple(each.shape) for each in made} == {(28, 28, 1)}


def test_resampling_whole_places_is_looking_up_and_outside_is_paper():
    picture = random_picture(4, height=3)
    rows, columns = tf.meshgrid([1.0, 2.0, 3.0, -5.0], [0.0, 3.0, 40.0], indexing="ij")
    expected = np.zeros((4, 3))
    expected[:2, :2] = picture.numpy()[1:3, [0, 3], 0]
    np.testing.assert_allclose(resample(picture, rows, columns)[:, :, 0], expected, atol=1e-6)


def test_resampling_between_pixels_weighs_the_four_neighbours():
    picture = tf.reshape(tf.constant([1.0, 2.0, 3.0, 5.0]), [2, 2, 1])
    # 0.75 * (0.5 * 1 + 0.5 * 2) + 0.25 * (0.5 * 3 + 0.5 * 5)
    assert resample(picture, tf.constant([[0.25]]), tf.constant([[0.5]])).numpy().item() == 2.125


def test_dilation_and_erosion_go_the_share_of_the_way():
    wide = thicken(dot(4, 5), tf.constant(0.5)).numpy()[:, :, 0]
    assert wide[4, 5] == 1.0
    assert wide[3:6, 4:7].sum() == 1.0 + 8 * 0.5
    assert wide.sum() == wide[3:6, 4:7].sum()
    thin = thicken(dot(4, 5), tf.constant(-0.25)).numpy()
    assert thin.sum() == 0.75  # the dot alone, three quarters of itself


def test_contrast_turns_about_mid_grey_and_is_clipped():
    grey = tf.reshape(tf.constant([0.0, 0.25, 0.5, 1.0]), [1, 4, 1])
    made = adjust(grey, tf.constant(0.1), tf.constant(0.4)).numpy().ravel()
    # (0.25 - 0.5) * 1.4 + 0.5 + 0.1 = 0.25; mid-grey only gets the brightness.
    np.testing.assert_allclose(made, [0.0, 0.25, 0.6, 1.0], atol=1e-6)


def test_noise_has_the_deviation_that_was_asked_for():
    noisy = add_noise(tf.fill([100, 100, 1], 0.5), seeded(3), 0.05).numpy()
    assert noisy.std() == pytest.approx(0.05, rel=0.05)
    assert noisy.mean() == pytest.approx(0.5, abs=0.002)


def test_one_square_is_cut_out_of_every_two_glyphs():
    white = tf.ones([28, 3 * CUTOUT_SPACING, 1])
    cut = 1.0 - cut_out(white, seeded(1), 6).numpy()[:, :, 0]
    for cell in np.split(cut, 3, axis=1):
        assert cell.sum() == 36
        assert cell.max(axis=0).sum() == cell.max(axis=1).sum() == 6


def test_elastic_displacements_are_smooth():
    field = elastic_field(tf.constant(28), tf.constant(400), seeded(2), 1.0).numpy()
    assert field.shape == (28, 400, 2)
    assert 0.4 < field.std() < 1.2  # less than the grid's, for it is interpolated
    # A tenth of a grid step at a time; two neighbours in the grid may be four deviations apart.
    assert np.abs(np.diff(field, axis=1)).max() < 1.0
    assert np.abs(np.diff(field, axis=1)).mean() < 0.15


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"shear": -0.1}, "shear from 0 to 1, got -0.1"),
        ({"stretch": 0.6}, "stretch"),
        ({"cutout": 20}, "cutout"),
        ({"noise": float("nan")}, "noise"),
    ],
)
def test_impossible_options_are_refused(options, complaint):
    with pytest.raises(InputError, match=complaint):
        AugmentationOptions(**options)
