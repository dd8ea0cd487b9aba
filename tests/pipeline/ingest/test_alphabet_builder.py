import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.alphabet_builder import (
    build_alphabet,
    count_outside,
    describe_outside,
    read_alphabet,
    write_alphabet,
)
from schema.alphabet import Alphabet
from schema.errors import InputError

WRITABLE = st.characters(exclude_categories=["Cc", "Cs"])


def test_the_alphabet_is_sorted_and_holds_each_character_once() -> None:
    assert build_alphabet(["bread and", "Butter"]).symbols == " Babdenrtu"


def test_texts_are_normalised_first() -> None:
    assert build_alphabet(["e\u0301te\u0301"]).symbols == "té"
    assert count_outside(["e\u0301"], Alphabet("é")) == Counter()


def test_an_accent_without_a_composed_form_does_not_join_its_neighbour() -> None:
    # q with acute has no code point of its own, o with acute has.
    alphabet = build_alphabet(["q\u0301 o"])
    assert set(alphabet.symbols) == set("q\u0301 o")
    assert alphabet.decode(alphabet.encode("q\u0301 o")) == "q\u0301 o"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(WRITABLE, min_size=1), min_size=1)
    | st.lists(st.text("\u0300\u0301\u0316\u0323\u0627\u0653\u1100\u1161\u11a8\u09c7\u09be"))
    .filter(any)
    .map(list)
)
def test_every_text_fits_its_own_alphabet(texts: list[str]) -> None:
    alphabet = build_alphabet(texts)
    for text in texts:
        composed = unicodedata.normalize("NFC", text)
        assert alphabet.decode(alphabet.encode(composed)) == composed
    assert not count_outside(texts, alphabet)


def test_rare_characters_stay_outside_and_are_counted() -> None:
    texts = ["aaab", "aab£"]
    alphabet = build_alphabet(texts, min_count=2)
    assert alphabet.symbols == "ab"
    outside = count_outside([*texts, "£ñ"], alphabet)
    assert outside == Counter({"£": 2, "ñ": 1})
    assert describe_outside(outside) == "'£' (U+00A3) 2 times, 'ñ' (U+00F1) 1 times"
    assert describe_outside(Counter()) == "none"


@pytest.mark.parametrize("texts", [[], [""], ["ab"]])
def test_no_characters_is_an_error(texts: list[str]) -> None:
    with pytest.raises(InputError, match="got none"):
        build_alphabet(texts, min_count=2)


def test_control_characters_are_named() -> None:
    with pytest.raises(InputError, match=r"'\\t' \(U\+0009\), '\\n' \(U\+000A\)"):
        build_alphabet(["a\tb", "c\n"])


def test_an_alphabet_file_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "alphabet.json"
    write_alphabet(path, Alphabet(' "é'))
    assert read_alphabet(path) == Alphabet(' "é')
    assert json.loads(path.read_text(encoding="utf-8")) == {"symbols": ' "é'}
    assert "é" in path.read_text(encoding="utf-8")  # for people to read


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "expected JSON"),
        (b"\xff", "expected JSON in UTF-8"),
        (b"[]", "symbols"),
        (b'{"symbols": 7}', "symbols"),
        (b'{"symbols": "aa"}', "distinct"),
        (b'{"symbols": ""}', "distinct"),
        ('{"symbols": "e\u0301"}'.encode(), "normal form C"),
    ],
)
def test_a_bad_alphabet_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "alphabet.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{said}.*alphabet.json"):
        read_alphabet(path)


def test_a_missing_alphabet_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No such file.*nowhere.json"):
        read_alphabet(tmp_path / "nowhere.json")
