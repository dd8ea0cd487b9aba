import numpy as np
import pytest

from pipeline.ingest.sample.writer import SMALL_MARKS, STYLES, Writer, invent_writer, write_glyph


def writer(number: int = 0) -> Writer:
    return invent_writer(number, np.random.default_rng(number))


def box(glyph: np.ndarray) -> tuple[int, int, int, int]:
    """Returns top, bottom, left, right of what is darker than half."""
    rows, columns = np.flatnonzero((glyph > 127).any(1)), np.flatnonzero((glyph > 127).any(0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


@pytest.mark.parametrize("number", range(len(STYLES)))
def test_letters_fill_the_glyph_and_stay_inside(number: int) -> None:
    rng = np.random.default_rng(number)
    for character in "Agm8&":
        glyph = write_glyph(writer(number), character, rng)
        assert glyph.shape == (28, 28)
        assert glyph.dtype == np.uint8
        assert glyph.max() > 200
        assert np.median(glyph) == 0
        top, bottom, left, right = box(glyph)
        assert 17 <= max(bottom - top, right - left) + 1 <= 24
        assert abs((left + right) / 2 - 13.5) <= 2
        assert abs((top + bottom) / 2 - 13.5) <= 3


@pytest.mark.parametrize("number", range(len(STYLES)))
def test_small_marks_keep_their_size_and_place(number: int) -> None:
    rng = np.random.default_rng(number)
    glyphs = {mark: write_glyph(writer(number), mark, rng) for mark in sorted(SMALL_MARKS)}
    top, bottom, left, right = box(glyphs["."])
    assert bottom - top < 9
    assert right - left < 9
    assert top > 14
    assert box(glyphs[","])[1] > 20
    assert box(glyphs["'"])[1] < 17
    assert box(glyphs['"'])[1] < 17
    hyphen = box(glyphs["-"])
    assert 8 < (hyphen[0] + hyphen[1]) / 2 < 22
    assert hyphen[3] - hyphen[2] > hyphen[1] - hyphen[0]


def test_a_writer_never_writes_a_character_twice_alike() -> None:
    rng = np.random.default_rng(0)
    glyphs = {write_glyph(writer(), "a", rng).tobytes() for _ in range(20)}
    assert len(glyphs) == 20


def test_writers_differ_and_the_seed_decides() -> None:
    assert writer(3) == writer(3)
    assert len({writer(number) for number in range(24)}) == 24
    first, again = (write_glyph(writer(1), "R", np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
