import random
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pipeline.ingest.corpus import read_corpus, take_share, to_lines
from schema.alphabet import LATIN
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

SHARES = {TRAIN: 0.8, VALIDATION: 0.1, TEST: 0.1}


def _deal(sentences: list[str]) -> dict[str, list[str]]:
    return {split: list(take_share(sentences, split, SHARES)) for split in SPLITS}


def test_a_corpus_is_read_sentence_by_sentence(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(
        b'\xef\xbb\xbfOne  two.\tThree? "Four!" Five\r\n\r\n   \r\nat 3.50 e.g. here. And 6'
    )
    assert list(read_corpus(path, LATIN)) == [
        "One two.",
        "Three?",
        '"Four!"',
        "Five",
        "at 3.50 e.g. here.",
        "And 6",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("fine\nna\u00efve \u4e2d", r"'\u00ef' \(U\+00EF\), '\u4e2d' \(U\+4E2D\) in line 2 of"),
        ("decomposed: e\u0301", r"'\u00e9' \(U\+00E9\) in line 1 of"),
        ("bell\x07", r"'\\x07' \(U\+0007\) in line 1"),
        ("", "got none in"),
        (" \n\n\t", "got none in"),
    ],
)
def test_a_bad_corpus_is_named(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=problem) as caught:
        list(read_corpus(path, LATIN))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_corpus_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin1.txt"
    path.write_bytes(b"fine\ncaf\xe9")
    with pytest.raises(InputError, match=r"0xe9 at offset 8 in .*latin1.txt"):
        list(read_corpus(path, LATIN))
    with pytest.raises(InputError, match=r"nowhere.txt"):
        next(read_corpus(tmp_path / "nowhere.txt", LATIN))
    with pytest.raises(InputError, match="directory"):
        next(read_corpus(tmp_path, LATIN))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(alphabet="abcABC .", max_size=6)), st.randoms(use_true_random=False))
def test_a_sentence_is_in_one_split_whatever_its_case_and_place(
    texts: list[str], shuffler: random.Random
) -> None:
    dealt = _deal(texts)
    assert sorted(text for group in dealt.values() for text in group) == sorted(texts)
    home = {
        " ".join(text.casefold().split()): split for split, group in dealt.items() for text in group
    }
    shouted = [f" {text.upper()} " for text in texts]
    shuffler.shuffle(shouted)
    for split, group in _deal(shouted).items():
        assert all(home[" ".join(text.casefold().split())] == split for text in group)


def test_the_shares_are_kept() -> None:
    sentences = [f"sentence {number}" for number in range(3000)]
    dealt = _deal(sentences)
    assert len(dealt[TRAIN]) / 3000 == pytest.approx(0.8, abs=0.03)
    assert len(dealt[TEST]) / 3000 == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("shares", [{}, {TRAIN: 1.5, TEST: -0.5}, {TRAIN: 0.5, TEST: 0.4}])
def test_shares_that_do_not_add_up_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError, match="shares"):
        next(take_share(["a"], TRAIN, shares))


@given(st.text(alphabet="ab .\t", max_size=60), st.integers(1, 20))
def test_lines_rejoin_to_the_sentence(sentence: str, max_length: int) -> None:
    lines = to_lines(sentence, max_length)
    assert all(0 < len(line) <= max_length and line == line.strip() for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(sentence.split())
    if all(len(word) <= max_length for word in sentence.split()):
        assert " ".join(lines) == " ".join(sentence.split())


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("", []),
        ("one two three", ["one two", "three"]),
        ("exactly sevens", ["exactly", "sevens"]),
        ("incomprehensible yes", ["incompr", "ehensib", "le yes"]),
    ],
)
def test_lines_break_at_word_ends(sentence: str, expected: list[str]) -> None:
    assert to_lines(sentence, 7) == expected


def test_a_line_needs_room() -> None:
    with pytest.raises(InputError, match="at least 1"):
        to_lines("a", 0)
