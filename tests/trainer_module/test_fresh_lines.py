import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.alphabet import Alphabet
from schema.errors import InputError
from trainer_module.fresh_lines import GlyphPool, LineDealer, make_dealer
from transforms.synthesis import synthesise_line
from transforms.synthesis_options import SynthesisOptions

AB = Alphabet("ab ")
A, B, SPACE = AB.encode("ab ")
APART = SynthesisOptions(max_overlap=0.0)


def plain(level):
    return bytes([level]) * 784


# Three of "a", one of "b", and the space, which is empty.
LINES = [
    ("train/0", "ab a", plain(3) + plain(9) + plain(0) + plain(2)),
    ("train/1", "a b", plain(1) + plain(0) + plain(9)),
    ("train/2", "aa", plain(3) + plain(1)),
    ("train/3", "ba", b""),  # a photograph
]


@pytest.fixture(scope="module")
def dealer():
    return LineDealer(GlyphPool.of(LINES, AB), APART)


def levels(line):
    """The grey level of each plain glyph of a line without overlap."""
    return np.asarray(line)[0, ::28].tolist()


def seeded(number):
    return tf.constant(number, tf.int64)


def test_pool_holds_each_glyph_once_by_character():
    pool = GlyphPool.of(LINES, AB)
    assert pool.counts.tolist() == [0, 3, 1, 1]
    assert pool.starts.tolist() == [0, 0, 3, 4]
    assert pool.glyphs[:, 0].tolist() == [1, 2, 3, 9, 0]


def test_pool_does_not_depend_on_the_order_of_lines():
    np.testing.assert_array_equal(
        GlyphPool.of(LINES, AB).glyphs, GlyphPool.of(LINES[::-1], AB).glyphs
    )


def test_a_stack_that_does_not_fit_its_text_is_named():
    with pytest.raises(InputError, match=r"1568 bytes.*got 784 in sample train/9"):
        GlyphPool.of([("train/9", "ab", plain(1))], AB)


@settings(deadline=None, max_examples=25)
@given(text=st.text("ab ", min_size=1, max_size=12), seed=st.integers(0, 2**31 - 1))
def test_each_character_takes_a_glyph_of_its_kind(dealer, text, seed):
    allowed = {"a": {1, 2, 3}, "b": {9}, " ": {0}}
    dealt = levels(dealer.deal(tf.constant(AB.encode(text)), seeded(seed)))
    assert len(dealt) == len(text)
    assert all(level in allowed[character] for character, level in zip(text, dealt, strict=True))


def test_all_glyphs_of_a_character_are_dealt_alike(dealer):
    dealt = levels(dealer.deal(tf.fill([3000], A), seeded(0)))
    _, counts = np.unique(dealt, return_counts=True)
    # 1000 expected of each, with a standard deviation of 26.
    assert len(counts) == 3
    assert np.abs(counts - 1000).max() < 130


def test_only_the_seed_decides_in_graph_too(dealer):
    classes = tf.constant([A, B, A, SPACE, A, A])
    deal = tf.function(dealer.deal)
    in_data = tf.data.Dataset.from_tensors(seeded(7)).map(lambda seed: dealer.deal(classes, seed))
    eager = dealer.deal(classes, seeded(7))
    np.testing.assert_array_equal(deal(classes, seeded(7)), eager)
    np.testing.assert_array_equal(next(iter(in_data)), eager)
    assert any(levels(deal(classes, seeded(n))) != levels(eager) for n in range(8, 14))


def test_a_dealt_line_is_one_that_synthesis_makes():
    rng = np.random.default_rng(0)
    glyph = rng.integers(0, 256, (28, 28), np.uint8)
    options = SynthesisOptions(baseline_drift=2.0)
    dealer = LineDealer(GlyphPool.of([("train/0", "b", glyph.tobytes())], AB), options)
    np.testing.assert_array_equal(
        dealer.deal(tf.fill([5], B), seeded(3)),
        synthesise_line(tf.constant(np.stack([glyph] * 5)), seeded(3), options),
    )


def test_without_glyphs_there_is_nothing_to_deal(write_lines):
    assert make_dealer(write_lines(["ab"]), AB, APART) is None
