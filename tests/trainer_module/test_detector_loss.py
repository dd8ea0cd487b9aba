import math

import numpy as np
import pytest
import tensorflow as tf

from trainer_module.detector_loss import DetectorLoss


def maps(core, up=10.0, down=5.0, weight=None):
    core = np.asarray(core, np.float32)
    weight = np.ones_like(core) if weight is None else np.asarray(weight, np.float32)
    return np.stack([core, weight, np.full_like(core, up), np.full_like(core, down)], axis=-1)[None]


def seen(logits, up=10.0, down=5.0):
    logits = np.asarray(logits, np.float32)
    reach = np.full_like(logits, np.log(up)), np.full_like(logits, np.log(down))
    return np.stack([logits, *reach], axis=-1)[None]


CORE = [[1, 0], [0, 0]]
SURE = [[20, -20], [-20, -20]]


@pytest.fixture(params=["eager", "traced"])
def loss(request):
    of = DetectorLoss()
    return of if request.param == "eager" else tf.function(of)


def test_a_perfect_answer_costs_nothing(loss):
    assert float(loss(maps(CORE), seen(SURE))) == pytest.approx(0, abs=1e-6)


def test_reaches_by_hand(loss):
    # Guessed 5 up instead of 10: shared 5 + 5 + 1, covered 10 + 5 + 1, over one core pixel and 1.
    expected = math.log(16 / 11) / 2
    assert float(loss(maps(CORE), seen(SURE, up=5.0))) == pytest.approx(expected, abs=1e-5)


def test_cores_by_hand(loss):
    # All logits are 0: scores of a half on 4 pixels, one of them a core; entropy log 2 each.
    entropy = 4 * math.log(2) / 5
    dice = 1 - (2 * 0.5 + 1) / (2 + 1 + 1)
    value = float(loss(maps(CORE), seen(np.zeros((2, 2)))))
    assert value == pytest.approx(entropy + dice, abs=1e-5)


def test_what_has_no_weight_costs_nothing(loss):
    unsure = [[20, -20], [-20, 20]]
    weight = [[1, 1], [1, 0]]
    assert float(loss(maps(CORE, weight=weight), seen(unsure))) == pytest.approx(0, abs=1e-6)


def test_examples_are_weighed_alike(loss):
    both = np.concatenate([maps(CORE), maps(CORE)]), np.concatenate([seen(SURE), -seen(SURE)])
    alone = [float(loss(maps(CORE), answer)) for answer in (seen(SURE), -seen(SURE))]
    assert float(loss(*both)) == pytest.approx(np.mean(alone), rel=1e-5)


def test_a_page_without_lines_and_wild_guesses_are_finite(loss):
    for logits in (-1e3, 1e3):
        wild = np.full((1, 2, 2, 3), logits, np.float32)
        assert np.isfinite(float(loss(maps(np.zeros((2, 2))), wild)))
        assert np.isfinite(float(loss(maps(CORE), wild)))
