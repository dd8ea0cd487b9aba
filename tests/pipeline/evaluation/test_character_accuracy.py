import math

import pytest

from pipeline.evaluation.character_accuracy import CharacterAccuracy


def test_accuracy_by_hand(measure):
    values = measure(CharacterAccuracy(), ["a", "b", "B", "é"], ["a", "b", "b", "é"])
    assert values["accuracy"] == pytest.approx(3 / 4)
    assert values["examples"] == 4
    # 4 / 3 * (3 * 0.25^2 + 0.75^2) / 4^2 = 0.0625: the reach is 1.96 * 0.25.
    assert values["accuracy_lower"] == pytest.approx(0.75 - 1.96 * 0.25, abs=1e-3)


def test_nothing_named_is_no_accuracy(measure):
    assert math.isnan(measure(CharacterAccuracy(), [], [])["accuracy"])
