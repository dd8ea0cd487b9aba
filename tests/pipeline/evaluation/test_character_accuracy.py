import math

import pytest

from pipeline.evaluation.character_accuracy import CharacterAccuracy


def test_accuracy_by_hand(measure):
    values = measure(CharacterAccuracy(), ["a", "b", "B", "é"], ["a", "b", "b", "é"])
    assert values["accuracy"] == pytest.approx(3 / 4)
    assert values["examples"] == 4
    # One of four is wrong: the draw decides whether it is left out or counted twice.
    assert values["accuracy_lower"] < 3 / 4 < values["accuracy_upper"] == 1


def test_nothing_named_is_no_accuracy(measure):
    assert math.isnan(measure(CharacterAccuracy(), [], [])["accuracy"])
