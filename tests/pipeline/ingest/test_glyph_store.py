import numpy as np
import pytest

from pipeline.ingest.emnist import index_emnist, read_glyphs
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.glyph_store import NO_GLYPH, GlyphReader, number_glyphs, write_store


def test_the_glyphs_of_a_character_have_neighbouring_numbers():
    assert number_glyphs(np.array(list("babcb"))) == {"a": (0, 1), "b": (1, 4), "c": (4, 5)}


@pytest.fixture(scope="module")
def index(glyph_folder):
    return index_emnist(find_emnist(glyph_folder)).validation


def test_every_glyph_is_found_under_its_character(index, tmp_path):
    store = write_store(index, tmp_path / "glyphs")
    glyphs = read_glyphs(index)
    reader = GlyphReader(tmp_path / store.name)
    for character, (first, end) in store.numbers.items():
        own = glyphs.images[glyphs.characters == character]
        np.testing.assert_array_equal(reader.read(np.arange(first, end)), own)
    reader.close()
    assert (tmp_path / store.name).stat().st_size == len(index) * 784


def test_a_space_is_empty_paper(index, tmp_path):
    write_store(index, tmp_path / "glyphs")
    reader = GlyphReader(tmp_path / "glyphs")
    stack = reader.read(np.array([0, NO_GLYPH, 0]))
    reader.close()
    assert stack[0].any()
    assert not stack[1].any()
    np.testing.assert_array_equal(stack[0], stack[2])
