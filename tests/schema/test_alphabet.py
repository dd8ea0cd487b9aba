import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.alphabet import BLANK, LATIN, Alphabet
from schema.errors import InputError


@given(st.text(LATIN.symbols))
def test_decode_undoes_encode(text):
    assert LATIN.decode(LATIN.encode(text)) == text


def test_classes_leave_the_blank_free():
    assert BLANK not in LATIN.encode(LATIN.symbols)
    assert max(LATIN.encode(LATIN.symbols)) == LATIN.num_classes - 1 == 79


def test_unknown_character_is_named_and_not_mapped():
    with pytest.raises(InputError, match=r"'é' in 'café'"):
        LATIN.encode("café")


@pytest.mark.parametrize("symbols", ["", "aba", "e\u0301"])
def test_bad_alphabet_is_refused(symbols):
    with pytest.raises(InputError):
        Alphabet(symbols)
