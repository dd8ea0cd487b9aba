import random
import re
import string

import pytest

from pipeline.ingest import sentences as module
from pipeline.ingest.sentences import (
    HELD_OUT_SHARE,
    generate_sentences,
    split_vocabulary,
    unseen_phrases,
)
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

BARE = frozenset(string.ascii_letters + string.digits)
FULL = BARE | frozenset(".,'-?!:;()&\"")


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    return list(generate_sentences(3000, 0, split_vocabulary(0)[TRAIN], FULL))


def test_sentences_are_distinct_and_the_seed_decides(sentences: list[str]) -> None:
    words = split_vocabulary(0)[TRAIN]
    assert len({sentence.casefold() for sentence in sentences}) == 3000
    assert list(generate_sentences(50, 0, words, FULL)) == sentences[:50]
    assert list(generate_sentences(50, 1, words, FULL)) != sentences[:50]


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
    written = list(generate_sentences(200, 0, split_vocabulary(0)[TRAIN], characters))
    assert set("".join(written)) <= characters | {" "}
    assert all(s == " ".join(s.split()) for s in written)


def test_characters_without_letters_are_refused() -> None:
    with pytest.raises(InputError, match=r"got 0 with the characters '0123456789'"):
        next(generate_sentences(5, 0, split_vocabulary(0)[TRAIN], frozenset(string.digits)))


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
    phrases = list(unseen_phrases(500, 0, words))
    assert len(set(phrases)) == 500
    assert set(" ".join(phrases).split()) <= words.held_out
    assert list(unseen_phrases(5, 0, words)) == phrases[:5]
    capitals = list(unseen_phrases(5, 0, words, frozenset(string.ascii_uppercase)))
    assert capitals == [phrase.upper() for phrase in phrases[:5]]


@pytest.mark.parametrize("size", [1, 7, 2**13])
def test_texts_are_distinct_whatever_is_written_in_one_go(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    drawn = random.Random(0).choices([*"abcdefABCDEF", None], k=200)
    monkeypatch.setattr(module, "BLOCK_TEXTS", size)
    source = iter(drawn)
    found = list(module._distinct(6, lambda: next(source), frozenset()))
    first_of_each = {text.casefold(): text for text in reversed(drawn) if text is not None}
    assert sorted(found) == sorted(first_of_each.values())
    assert [drawn.index(text) for text in found] == sorted(map(drawn.index, found))
    used = len(drawn) - len(list(source))
    assert used == drawn.index(found[-1]) + 1  # nothing was written in vain


def test_training_words_make_no_unseen_phrases() -> None:
    with pytest.raises(InputError, match="validation or test"):
        unseen_phrases(1, 0, split_vocabulary(0)[TRAIN])
