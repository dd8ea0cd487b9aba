import sys

import numpy as np
import pytest

from pipeline.ingest.sample import fonts
from pipeline.ingest.sample.canvas import BASELINE, CANVAS_SIZE, CAP_HEIGHT, Hand
from pipeline.ingest.sample.fonts import AMATIC, INTUITIVE, SHADOWS, OutlineHand, locate
from pipeline.ingest.sample.generate import CLASSES
from pipeline.ingest.sample.strokes import CURSIVE, PRINT, StrokeHand
from pipeline.ingest.sample.writer import STYLES
from schema.errors import InputError

THICKNESS = 6.0
HANDS = list(dict.fromkeys(hand for style in STYLES for hand in style))


def draw(hand: Hand, character: str, jitter: float = 0.0, seed: int = 0) -> np.ndarray:
    return np.asarray(hand.draw(character, THICKNESS, jitter, np.random.default_rng(seed)))


@pytest.mark.parametrize("hand", HANDS, ids=str)
def test_every_hand_draws_every_class_within_the_canvas(hand: Hand) -> None:
    for character in CLASSES:
        ink = draw(hand, character)
        assert ink.shape == (CANVAS_SIZE, CANVAS_SIZE)
        assert ink.max() == 255, character
        edges = (ink[0], ink[-1], ink[:, 0], ink[:, -1])
        assert not any(edge.any() for edge in edges), character


@pytest.mark.parametrize("hand", HANDS, ids=str)
def test_capitals_stand_on_the_base_line_with_the_cap_height(hand: Hand) -> None:
    rows = np.flatnonzero(draw(hand, "E").any(axis=1))
    slack = THICKNESS + 4
    assert abs(rows[0] - (BASELINE - CAP_HEIGHT)) <= slack
    assert abs(rows[-1] - BASELINE) <= slack
    assert 0.75 * CAP_HEIGHT < hand.extent("E") < 1.1 * CAP_HEIGHT


@pytest.mark.parametrize("hand", [SHADOWS, INTUITIVE, AMATIC, PRINT, CURSIVE], ids=str)
def test_characters_are_upright_and_not_mirrored(hand: Hand) -> None:
    ink = draw(hand, "F") > 0
    rows = np.flatnonzero(ink.any(axis=1))
    upper, lower = np.array_split(ink[rows[0] : rows[-1]], 2)
    assert upper.sum() > lower.sum()  # F has its bars above
    comma = np.flatnonzero(draw(hand, ",").any(axis=1))
    assert comma.mean() > BASELINE - CAP_HEIGHT / 3
    digit = draw(hand, "7") > 0
    middle = np.flatnonzero(digit.any(axis=0)).mean()
    columns = np.flatnonzero(digit[BASELINE - CAP_HEIGHT // 2])
    assert columns.mean() > middle - 2  # 7 has its stem on the right


def test_jitter_moves_strokes_as_the_seed_says() -> None:
    straight, seed_1, again, seed_2 = (
        draw(PRINT, "B", jitter, seed) for jitter, seed in ((0, 0), (1, 1), (1, 1), (1, 2))
    )
    np.testing.assert_array_equal(seed_1, again)
    assert (seed_1 != straight).any()
    assert (seed_1 != seed_2).any()


def test_a_thicker_pen_leaves_more_ink() -> None:
    for hand in (PRINT, SHADOWS):
        rng = np.random.default_rng(0)
        thin, thick = (
            np.asarray(hand.draw("A", thickness, 0, rng), float).sum() for thickness in (5, 9)
        )
        assert thick > 1.3 * thin


def test_fonts_are_found_without_importing_their_packages() -> None:
    before = set(sys.modules)
    for hand in (SHADOWS, INTUITIVE, AMATIC):
        assert locate(hand).suffix == ".ttf"
    assert not (set(sys.modules) - before) & {hand.package for hand in (SHADOWS, INTUITIVE)}


def test_a_missing_package_or_font_is_named_with_the_remedy() -> None:
    for package in ("no_such_package", "numpy"):
        with pytest.raises(
            InputError, match=r"Some.ttf .* pip install --force-reinstall some-font"
        ):
            locate(OutlineHand("some-font", package, "files/Some.ttf"))


def test_a_character_that_a_font_lacks_is_named() -> None:
    with pytest.raises(InputError, match="'\u0416'"):
        StrokeHand("cursive").draw("\u0416", THICKNESS, 0, np.random.default_rng(0))
    with pytest.raises(InputError, match="got no ink"):
        fonts.SHADOWS.extent(" ")
