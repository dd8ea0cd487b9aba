import numpy as np
import tensorflow as tf

from pipeline.ingest.emnist import index_emnist, read_glyphs
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.glyph_store import NO_GLYPH, GlyphReader, write_store
from pipeline.ingest.spelling import LineChunk, choose_glyphs, spell_line
from schema import features
from schema.features import SEEN
from schema.splits import TEST, TRAIN

NUMBERS = {"a": (0, 3), "b": (3, 40)}


def chunk(*texts, first=0, split=TRAIN):
    return LineChunk(split, first, texts, (SEEN,) * len(texts))


def test_each_character_gets_one_of_its_own_glyphs_and_a_space_none():
    for line in choose_glyphs(chunk("ab ba", "b a"), NUMBERS, seed=0):
        for character, number in zip(line.text, line.glyphs, strict=True):
            first, end = NUMBERS.get(character, (NO_GLYPH, 0))
            assert first <= number < end


def test_a_repeated_character_is_not_one_repeated_glyph():
    [line] = choose_glyphs(chunk("b" * 30), NUMBERS, seed=0)
    assert len(set(line.glyphs.tolist())) > 5


def test_a_line_is_spelled_the_same_whatever_stands_before_it():
    def told(lines):
        return [(line.sample_id, line.glyphs.tolist(), line.seed) for line in lines]

    both = told(choose_glyphs(chunk("a", "abba", split=TEST), NUMBERS, seed=0))
    assert told(choose_glyphs(chunk("abba", first=1, split=TEST), NUMBERS, seed=0)) == both[1:]
    assert told(choose_glyphs(chunk("abba", first=1, split=TEST), NUMBERS, seed=1)) != both[1:]
    assert both[1][0] == "test/000001"


def test_the_example_holds_the_glyphs_that_were_chosen(glyph_folder, tmp_path):
    index = index_emnist(find_emnist(glyph_folder)).train
    store = write_store(index, tmp_path / "glyphs")
    glyphs, reader = read_glyphs(index), GlyphReader(tmp_path / store.name)
    [line] = choose_glyphs(chunk("Ab 9"), store.numbers, seed=0)
    example = tf.train.Example.FromString(spell_line(line, reader, "emnist-tiny"))
    reader.close()
    feature = example.features.feature
    stack = np.frombuffer(feature[features.GLYPHS].bytes_list.value[0], np.uint8)
    images = stack.reshape(4, 28, 28)
    for image, character in zip(images, "Ab 9", strict=True):
        own = glyphs.images[glyphs.characters == character]
        assert character == " " or any(np.array_equal(image, other) for other in own)
    assert not images[2].any()
    # Facts are those of the stack.
    assert feature[features.TEXT_LENGTH].int64_list.value[0] == 4
    assert feature[features.IMAGE_WIDTH].int64_list.value[0] == 4 * 28
    np.testing.assert_allclose(
        feature[features.BRIGHTNESS_MEAN].float_list.value[0], stack.mean(), rtol=1e-6
    )
    assert feature[features.SEED].int64_list.value[0] == line.seed
    assert feature[features.SOURCE].bytes_list.value[0] == b"emnist-tiny"
