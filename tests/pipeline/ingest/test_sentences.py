import random
import re
import string
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pipeline.ingest.sentences import (
    HELD_OUT_SHARE,
    generate_sentences,
    read_corpus,
    split_sentences,
    split_vocabulary,
    to_lines,
    unseen_phrases,
)
from schema.alphabet import LATIN
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

BARE = frozenset(string.ascii_letters + string.digits)
FULL = BARE | frozenset(".,'-?!:;()&\"")
SHARES = {TRAIN: 0.8, VALIDATION: 0.1, TEST: 0.1}


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    return generate_sentences(3000, 0, split_vocabulary(0)[TRAIN], FULL)


def test_sentences_are_distinct_and_the_seed_decides(sentences: list[str]) -> None:
    words = split_vocabulary(0)[TRAIN]
    assert len({sentence.casefold() for sentence in sentences}) == 3000
    assert generate_sentences(50, 0, words, FULL) == sentences[:50]
    assert generate_sentences(50, 1, words, FULL) != sentences[:50]


def test_sentences_look_like_english_lines(sentences: list[str]) -> None:
    text = "".join(sentences)
    beyond_starts = "".join(sentence[1:] for sentence in sentences)
    assert set(text) == FULL | {" "}
    assert all(s[0].isupper() or s[0].isdigit() for s in sentences)
    assert all(s == " ".join(s.split()) for s in sentences)
    assert 0.06 < sum(c.isdigit() for c in text) / len(text) < 0.10
    assert 0.04 < sum(c.isupper() for c in beyond_starts) / len(text) < 0.07
    assert any(re.search(r"\b[A-Z]{4,}\b", s) for s in sentences)
    assert not re.search(r"\ba [aeiou]", text)


@pytest.mark.parametrize(
    "characters",
    [
        BARE,
        BARE | {"."},
        frozenset(string.ascii_letters),
        frozenset(string.ascii_uppercase + string.digits),
        frozenset(string.ascii_lowercase) | {" "},
        FULL - {"z", "q", "Z", "Q"},
        BARE - {"c", "o", "s"},
    ],
    ids=["by class", "full stop", "letters", "capitals", "lower case", "no q or z", "merged"],
)
def test_no_character_but_the_given(characters: frozenset[str]) -> None:
    written = generate_sentences(200, 0, split_vocabulary(0)[TRAIN], characters)
    assert set("".join(written)) <= characters | {" "}
    assert all(s == " ".join(s.split()) for s in written)


def test_characters_without_letters_are_refused() -> None:
    with pytest.raises(InputError, match=r"got 0 with the characters '0123456789'"):
        generate_sentences(5, 0, split_vocabulary(0)[TRAIN], frozenset(string.digits))


def test_training_never_has_a_held_out_word(sentences: list[str]) -> None:
    held_out = split_vocabulary(0)[TEST].held_out
    assert not held_out & set(re.findall(r"[a-z]+", " ".join(sentences).casefold()))


def test_the_vocabulary_holds_out_its_share() -> None:
    vocabulary = split_vocabulary(3)
    assert set(vocabulary) == set(SPLITS)
    train, test = vocabulary[TRAIN], vocabulary[TEST]
    every = {*test.nouns, *test.adjectives, *test.verbs}
    seen = {*train.nouns, *train.adjectives, *train.verbs}
    assert seen | test.held_out == every
    assert not seen & test.held_out
    assert not train.held_out
    assert vocabulary[VALIDATION] == test
    assert len(test.held_out) / len(every) == pytest.approx(HELD_OUT_SHARE, abs=0.02)
    assert split_vocabulary(4)[TEST].held_out != test.held_out


def test_test_sentences_draw_from_both() -> None:
    words = split_vocabulary(0)[TEST]
    used = set(" ".join(generate_sentences(300, 0, words, BARE)).casefold().split())
    assert used & words.held_out
    assert used & (set(words.nouns) - words.held_out)


def test_words_are_plain_and_decent() -> None:
    words = split_vocabulary(0)[TEST]
    every = {*words.nouns, *words.adjectives, *words.verbs}
    assert all(re.fullmatch("[a-z]{3,}", word) for word in every)
    assert not every & {"sex", "will", "dollars", "acted", "altered"}
    assert {"need", "feed", "shed"} <= set(words.verbs)


def test_unseen_phrases_have_held_out_words_only() -> None:
    words = split_vocabulary(0)[TEST]
    phrases = unseen_phrases(500, 0, words)
    assert len(set(phrases)) == 500
    assert set(" ".join(phrases).split()) <= words.held_out
    assert unseen_phrases(5, 0, words) == phrases[:5]
    capitals = unseen_phrases(5, 0, words, frozenset(string.ascii_uppercase))
    assert capitals == [phrase.upper() for phrase in phrases[:5]]


def test_training_words_make_no_unseen_phrases() -> None:
    with pytest.raises(InputError, match="validation or test"):
        unseen_phrases(1, 0, split_vocabulary(0)[TRAIN])


def test_a_corpus_is_read_sentence_by_sentence(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(
        b'\xef\xbb\xbfOne  two.\tThree? "Four!" Five\r\n\r\n   \r\nat 3.50 e.g. here. And 6'
    )
    assert read_corpus(path, LATIN) == [
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
        read_corpus(path, LATIN)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_corpus_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin1.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"0xe9 at offset 3 in .*latin1.txt"):
        read_corpus(path, LATIN)
    with pytest.raises(InputError, match=r"nowhere.txt"):
        read_corpus(tmp_path / "nowhere.txt", LATIN)
    with pytest.raises(InputError, match="directory"):
        read_corpus(tmp_path, LATIN)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(alphabet="abcABC .", max_size=6)), st.randoms(use_true_random=False))
def test_a_sentence_is_in_one_split_whatever_its_case_and_place(
    texts: list[str], shuffler: random.Random
) -> None:
    dealt = split_sentences(texts, SHARES)
    assert sorted(text for group in dealt.values() for text in group) == sorted(texts)
    home = {
        " ".join(text.casefold().split()): split for split, group in dealt.items() for text in group
    }
    shouted = [f" {text.upper()} " for text in texts]
    shuffler.shuffle(shouted)
    for split, group in split_sentences(shouted, SHARES).items():
        assert all(home[" ".join(text.casefold().split())] == split for text in group)


def test_the_shares_are_kept(sentences: list[str]) -> None:
    dealt = split_sentences(sentences, SHARES)
    assert list(dealt) == list(SPLITS)
    assert len(dealt[TRAIN]) / 3000 == pytest.approx(0.8, abs=0.03)
    assert len(dealt[TEST]) / 3000 == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("shares", [{}, {TRAIN: 1.5, TEST: -0.5}, {TRAIN: 0.5, TEST: 0.4}])
def test_shares_that_do_not_add_up_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError, match="shares"):
        split_sentences(["a"], shares)


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
