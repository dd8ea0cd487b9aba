import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.errors import InputError
from schema.features import GLYPH_SIDE
from transforms.synthesis import draw_advance, glyphs_from_bytes, synthesise_line
from transforms.synthesis_options import SynthesisOptions


def random_glyphs(count, seed=0):
    shape = (count, GLYPH_SIDE, GLYPH_SIDE)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def set_side_by_side(glyphs, advance):
    """The same in plain NumPy, a glyph at a time."""
    line = np.zeros((GLYPH_SIDE, (len(glyphs) - 1) * advance + GLYPH_SIDE), int)
    for number, glyph in enumerate(glyphs):
        line[:, number * advance : number * advance + GLYPH_SIDE] += glyph
    return np.minimum(line, 255).astype(np.uint8)


@settings(deadline=None, max_examples=25)
@given(count=st.integers(1, 40), seed=st.integers(0, 2**31 - 1))
def test_line_is_what_plain_numpy_makes(count, seed):
    glyphs, options = random_glyphs(count), SynthesisOptions()
    advance = int(draw_advance(tf.constant(seed, tf.int64), options))
    line = synthesise_line(tf.constant(glyphs), tf.constant(seed, tf.int64), options)
    np.testing.assert_array_equal(line, set_side_by_side(glyphs, advance))


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**31 - 1))
def test_advance_stays_within_the_overlap(seed):
    options = SynthesisOptions(min_overlap=0.1, max_overlap=0.33)
    advance = int(draw_advance(tf.constant(seed, tf.int64), options))
    assert GLYPH_SIDE * (1 - 0.33) <= advance <= GLYPH_SIDE * (1 - 0.1) + 1


def test_overlapping_ink_does_not_wrap_around():
    white = np.full((2, GLYPH_SIDE, GLYPH_SIDE), 200, np.uint8)
    options = SynthesisOptions(min_overlap=0.5, max_overlap=0.5)
    line = synthesise_line(tf.constant(white), tf.constant(0, tf.int64), options)
    assert line.numpy().min() == 200
    assert line.numpy().max() == 255


def test_drift_moves_glyphs_up_and_down_by_at_most_its_amplitude():
    bar = np.zeros((30, GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    bar[:, 14] = 255
    options = SynthesisOptions(max_overlap=0.0, baseline_drift=3.0)
    line = synthesise_line(tf.constant(bar), tf.constant(5, tf.int64), options).numpy()
    rows = line.argmax(axis=0)
    assert 11 <= rows.min() < 14 < rows.max() <= 17
    assert (line.sum(axis=0) == 255).all()


def test_only_the_seed_decides():
    glyphs = tf.constant(random_glyphs(5))
    lines = [
        synthesise_line(glyphs, tf.constant(seed, tf.int64), SynthesisOptions()).numpy()
        for seed in (7, 7, 8)
    ]
    np.testing.assert_array_equal(lines[0], lines[1])
    assert lines[0].shape != lines[2].shape or (lines[0] != lines[2]).any()


def test_glyphs_are_unpacked_in_order():
    glyphs = random_glyphs(3)
    np.testing.assert_array_equal(glyphs_from_bytes(tf.constant(glyphs.tobytes())), glyphs)


@pytest.mark.parametrize(
    "options",
    [{"min_overlap": 0.5}, {"max_overlap": 1.0}, {"min_overlap": -0.1}, {"baseline_drift": 20}],
)
def test_impossible_options_are_refused(options):
    with pytest.raises(InputError, match=r"correct (it|them)"):
        SynthesisOptions(**options)
