"""From glyphs and sentences to planned lines: a text, the glyphs that spell it, and a seed.

After the readers, before the ExampleGens. Each split draws from its own glyphs and its own
sentences, and no line of text is in two splits.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.ingest.corpus import read_corpus, split_sentences, to_lines
from pipeline.ingest.emnist import Glyphs, GlyphSplits, read_emnist
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.sentences import generate_sentences, split_vocabulary, unseen_phrases
from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError
from schema.features import MIXED, SEEN, UNSEEN
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

SPACE = " "
NO_GLYPH = -1
"""The glyph number of a space."""

SENTENCE_SHARES = {TRAIN: 0.8, VALIDATION: 0.1, TEST: 0.1}
"""How a user's corpus is split, by sentence."""


@dataclass(frozen=True)
class LineOptions:
    """What the lines of each split are made of.

    Args:
      train_lines, validation_lines, test_lines: lines of each split.
      max_length: longest text in characters; 34 is that of EMNIST Lines in the Full Stack Deep
        Learning course.
      unseen_share: share of the test lines made of words that no training line has, so that
        the effect of a shared vocabulary can be told (only where sentences are generated).
      data_set: which one of EMNIST, as in "byclass", where the folder holds several.
      corpus: a text file to take sentences from; None generates them.
      seed: decides everything random.
    """

    train_lines: int
    validation_lines: int
    test_lines: int
    max_length: int = 34
    unseen_share: float = 0.2
    data_set: str = ""
    corpus: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("train_lines", "validation_lines", "test_lines", "max_length"):
            if getattr(self, name) < 1:
                raise InputError(f"expected {name} >= 1, got {getattr(self, name)}: correct it")
        if not 0 <= self.unseen_share < 1:
            raise InputError(f"expected 0 <= unseen_share < 1, got {self.unseen_share}: correct it")

    def count(self, split: str) -> int:
        """Returns the number of lines of a split."""
        return {
            TRAIN: self.train_lines,
            VALIDATION: self.validation_lines,
            TEST: self.test_lines,
        }[split]


@dataclass(frozen=True)
class Line:
    """One planned line.

    Args:
      sample_id: as in "test/000042".
      text: its characters.
      glyphs: for each character the number of its glyph in the split's images, or `NO_GLYPH`.
      seed: decides its synthesis.
      vocabulary: one of `schema.features.VOCABULARIES`.
    """

    sample_id: str
    text: str
    glyphs: tuple[int, ...]
    seed: int
    vocabulary: str


@functools.lru_cache(maxsize=1)
def read_folder(folder: Path, data_set: str = "") -> GlyphSplits:
    """Reads a data set in EMNIST's layout, once a process."""
    return read_emnist(find_emnist(folder, data_set or None))


@functools.lru_cache(maxsize=1)
def plan_splits(folder: Path, options: LineOptions) -> dict[str, list[Line]]:
    """Plans the lines of every split, once a process.

    Raises:
      InputError: the folder or the corpus is bad.
    """
    glyphs = read_folder(folder, options.data_set)
    in_all = [frozenset(getattr(glyphs, split).characters.tolist()) for split in SPLITS]
    texts = plan_texts(options, frozenset.intersection(*in_all))
    train_words = frozenset().union(*map(words_of, texts[TRAIN]))
    return {
        split: list(
            plan_lines(split, texts[split], getattr(glyphs, split), train_words, options.seed)
        )
        for split in SPLITS
    }


@dataclass(frozen=True)
class Pool:
    """Texts of one kind that a split may take, and how many of them it wants."""

    wanted: int
    texts: list[str]


def plan_texts(options: LineOptions, characters: frozenset[str]) -> dict[str, list[str]]:
    """Chooses the texts of each split.

    Args:
      options: how many, how long, from where.
      characters: those that can be written.

    Returns:
      split -> distinct texts; no text is in two splits.

    Raises:
      InputError: the corpus is unreadable, has other characters, or is too short.
    """
    written = characters | {SPACE}
    if options.corpus is None:
        pools = _generated_pools(options, written)
    else:
        pools = _corpus_pools(options, Path(options.corpus), written)
    taken: set[str] = set()
    texts: dict[str, list[str]] = {}
    for number, split in enumerate(SPLITS):
        chance = np.random.default_rng([options.seed, number])
        texts[split] = []
        for pool in pools[split]:
            fresh = [text for text in dict.fromkeys(pool.texts) if text not in taken]
            # Neighbouring lines come from one sentence: choose among all of them alike.
            order = chance.permutation(len(fresh))[: pool.wanted]
            chosen = [fresh[position] for position in order]
            texts[split] += chosen
            taken.update(chosen)
        if len(texts[split]) < options.count(split):
            raise InputError(
                f"expected text for {options.count(split)} {split} lines, got {len(texts[split])} "
                f"from {options.corpus or 'the generator'}: give a longer corpus, or fewer lines "
                f"with --set {split}_lines={max(len(texts[split]), 1)}"
            )
    return texts


def plan_lines(
    split: str, texts: list[str], glyphs: Glyphs, train_words: frozenset[str], seed: int
) -> Iterator[Line]:
    """Chooses a glyph for each character of each text.

    Args:
      split: the split's name.
      texts: its texts.
      glyphs: its glyphs; every character but the space must have one.
      train_words: the words of the training texts.
      seed: decides the choice; a line's choice does not depend on the lines before it.
    """
    numbers = glyph_numbers(glyphs)
    for index, text in enumerate(texts):
        chance = np.random.default_rng([seed, SPLITS.index(split), index])
        chosen = tuple(
            NO_GLYPH if character == SPACE else int(chance.choice(numbers[character]))
            for character in text
        )
        yield Line(
            sample_id=f"{split}/{index:06d}",
            text=text,
            glyphs=chosen,
            seed=int(chance.integers(2**31)),
            vocabulary=classify_vocabulary(text, train_words),
        )


def glyph_numbers(glyphs: Glyphs) -> dict[str, np.ndarray]:
    """Returns character -> the numbers of its glyphs."""
    order = np.argsort(glyphs.characters, kind="stable")
    characters, starts = np.unique(glyphs.characters[order], return_index=True)
    return dict(zip(map(str, characters), np.split(order, starts[1:]), strict=True))


def words_of(text: str) -> frozenset[str]:
    """Returns the words of a text without case and punctuation."""
    stripped = (word.strip(".,'-?!:;()&\"") for word in text.casefold().split())
    return frozenset(word for word in stripped if word)


def classify_vocabulary(text: str, train_words: frozenset[str]) -> str:
    """Tells whether training saw all, some or none of a text's words."""
    words = words_of(text)
    known = len(words & train_words)
    if known == len(words):
        return SEEN
    return MIXED if known else UNSEEN


def _generated_pools(
    options: LineOptions, characters: frozenset[str]
) -> dict[str, tuple[Pool, ...]]:
    vocabulary = split_vocabulary(options.seed)
    pools: dict[str, tuple[Pool, ...]] = {}
    for number, split in enumerate(SPLITS):
        unseen = round(options.count(split) * options.unseen_share) if split == TEST else 0
        usual = options.count(split) - unseen
        # More sentences than lines, for repeats go.
        sentences = generate_sentences(
            2 * usual + 100, len(SPLITS) * options.seed + number, vocabulary[split], characters
        )
        pools[split] = (Pool(usual, _lines_of(sentences, options)),)
        if unseen:
            phrases = unseen_phrases(2 * unseen + 20, options.seed, vocabulary[split], characters)
            pools[split] += (Pool(unseen, _lines_of(phrases, options)),)
    return pools


def _corpus_pools(
    options: LineOptions, path: Path, characters: frozenset[str]
) -> dict[str, tuple[Pool, ...]]:
    alphabet = Alphabet("".join(symbol for symbol in LATIN.symbols if symbol in characters))
    sentences = split_sentences(read_corpus(path, alphabet), SENTENCE_SHARES)
    return {
        split: (Pool(options.count(split), _lines_of(sentences[split], options)),)
        for split in SPLITS
    }


def _lines_of(sentences: list[str], options: LineOptions) -> list[str]:
    return [line for text in sentences for line in to_lines(text, options.max_length)]
