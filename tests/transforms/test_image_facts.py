import numpy as np
import pytest

from transforms.image_facts import measure_image


def test_by_hand():
    image = np.array([[0, 255, 0, 0], [0, 255, 0, 0]], np.uint8)
    facts = measure_image(image)
    assert (facts.height, facts.width, facts.aspect) == (2, 4, 2.0)
    assert facts.ink_ratio == pytest.approx(0.25)
    assert facts.brightness_mean == pytest.approx(255 / 4)
    assert facts.brightness_deviation == pytest.approx(image.std())
    assert facts.sharpness == pytest.approx(2 * 255 / 3)


def test_ink_is_the_rarer_side_in_both_polarities():
    image = np.random.default_rng(0).integers(0, 140, (28, 90), np.uint8)
    assert measure_image(image).ink_ratio == pytest.approx(measure_image(255 - image).ink_ratio)


def test_blurring_takes_sharpness_away():
    image = np.random.default_rng(0).integers(0, 256, (28, 90), np.uint8)
    blurred = (image[:, 1:] // 2 + image[:, :-1] // 2).astype(np.uint8)
    assert measure_image(blurred).sharpness < measure_image(image).sharpness


@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (1, 5)])
def test_tiny_pictures_have_finite_facts(shape):
    assert np.isfinite(list(vars(measure_image(np.full(shape, 9, np.uint8))).values())).all()
