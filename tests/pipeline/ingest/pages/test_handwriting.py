import numpy as np
import pytest

from pipeline.ingest.pages.handwriting import Scribe

TEXT = "Who wrote on 7 May?"


@pytest.fixture(params=range(6))
def strip(request):
    return Scribe(np.random.default_rng(request.param)).write(TEXT, cap_height=30)


def test_middles_rise_and_lie_on_the_strip(strip):
    assert strip.text == TEXT
    assert len(strip.middles) == len(TEXT)
    assert (np.diff(strip.middles) >= 0).all()
    assert strip.middles[0] > 0
    assert strip.middles[-1] < strip.ink.shape[1]


def test_most_ink_is_near_the_middles_of_letters(strip):
    # Spaces have next to none around theirs, letters have plenty.
    ink = strip.ink[: round(strip.baseline)].sum(axis=0)
    around = [ink[max(round(x) - 4, 0) : round(x) + 5].mean() for x in strip.middles]
    letters = [each for each, character in zip(around, TEXT, strict=True) if character != " "]
    spaces = [each for each, character in zip(around, TEXT, strict=True) if character == " "]
    assert np.mean(spaces) < 0.2 * np.mean(letters)


def test_a_strip_that_is_cut_says_what_is_left_of_the_text(strip):
    between = (strip.middles[8] + strip.middles[9]) / 2  # before the space after "wrote"
    cut = strip.cut(round(between))
    assert cut.text == "Who wrote"
    assert cut.ink.shape == (strip.ink.shape[0], round(between))
    assert len(cut.middles) == 9
    # What was cut off at a space ends with a letter.
    assert strip.cut(round(strip.middles[9]) + 1).text == "Who wrote"
    assert strip.cut(0).text == ""
    assert strip.cut(strip.ink.shape[1]).text == TEXT


def test_a_line_is_decided_by_its_writer():
    first, again = (Scribe(np.random.default_rng(3)).write(TEXT, 30) for _ in range(2))
    np.testing.assert_array_equal(first.ink, again.ink)
    np.testing.assert_array_equal(first.middles, again.middles)
