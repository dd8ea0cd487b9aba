import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.line_texts import pack_texts, unpack_texts

LINE = st.text().filter(lambda text: "\n" not in text)


@given(st.lists(LINE, max_size=6))
def test_unpacking_undoes_packing(texts):
    assert unpack_texts(pack_texts(texts), len(texts)) == texts


def test_no_line_and_one_without_text_are_told_apart_by_their_number():
    assert pack_texts([]) == pack_texts([""]) == ""
    assert unpack_texts("", 0) == []
    assert unpack_texts("", 1) == [""]


def test_a_text_of_two_lines_is_refused():
    with pytest.raises(ValueError, match="one line each"):
        pack_texts(["a", "b\nc"])


@pytest.mark.parametrize(("packed", "lines"), [("a\nb", 3), ("a\nb", 1), ("a", 0)])
def test_texts_must_be_as_many_as_lines(packed, lines):
    with pytest.raises(ValueError, match=f"texts of {lines} lines"):
        unpack_texts(packed, lines)
