"""From glyphs and sentences to planned lines: which texts each split has, and from which glyphs.

After the readers, before `spelling.py` chooses the glyphs on the workers. Each split draws from
its own glyphs and its own sentences, and no line of text is in two splits.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import numpy as np

from pipeline.ingest.balance import balance_classes
from pipeline.ingest.corpus import read_corpus, take_share, to_lines
from pipeline.ingest.emnist import EmnistIndex, index_emnist
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.sentences import generate_sentences, split_vocabulary, unseen_phrases
from pipeline.ingest.spelling import SPACE, LineChunk
from pipeline.ingest.text_rows import TextRows, in_blocks
from pipeline.ingest.text_set import TextSet
from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError
from schema.features import MIXED, SEEN, UNSEEN
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION
from transforms.words import words_of

CHUNK_LINES = 256
"""Lines that a worker spells in one go: a few megabytes of glyphs, one line of them at a time."""

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
      balance: whether the training glyphs of frequent classes are cut down to the median class.
      corpus: a text file to take sentences from; None generates them.
      seed: decides everything random.
    """

    train_lines: int
    validation_lines: int
    test_lines: int
    max_length: int = 34
    unseen_share: float = 0.2
    data_set: str = ""
    balance: bool = False
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
class LinePlan:
    """What the lines of every split are made of.

    Args:
      glyphs: which glyphs are in which split.
      texts: split -> the texts of its lines, in order.
    """

    glyphs: EmnistIndex
    texts: dict[str, TextRows]

    def chunks(self) -> Iterator[LineChunk]:
        """Yields the lines of all splits in chunks of `CHUNK_LINES`."""
        train_words = frozenset(word for text in self.texts[TRAIN] for word in words_of(text))
        for split in SPLITS:
            for first in range(0, len(self.texts[split]), CHUNK_LINES):
                texts = self.texts[split].read(first, first + CHUNK_LINES)
                kinds = tuple(classify_vocabulary(text, train_words) for text in texts)
                yield LineChunk(split, first, tuple(texts), kinds)


@functools.lru_cache(maxsize=1)
def plan_lines(folder: Path, options: LineOptions) -> LinePlan:
    """Plans the lines of every split, once a process.

    Raises:
      InputError: the folder or the corpus is bad.
    """
    glyphs = index_emnist(find_emnist(folder, options.data_set or None))
    if options.balance:
        glyphs = replace(glyphs, train=balance_classes(glyphs.train, options.seed))
    in_all = [frozenset(getattr(glyphs, split).characters.tolist()) for split in SPLITS]
    return LinePlan(glyphs, plan_texts(options, frozenset.intersection(*in_all)))


@dataclass(frozen=True)
class Pool:
    """Texts of one kind that a split may take, made when asked for, and how many it wants."""

    wanted: int
    texts: Iterator[str]


def plan_texts(options: LineOptions, characters: frozenset[str]) -> dict[str, TextRows]:
    """Chooses the texts of each split.

    Args:
      options: how many, how long, from where.
      characters: those that can be written.

    Returns:
      split -> distinct texts; no text is in two splits.

    Raises:
      InputError: the corpus is unreadable, has other characters, or is too short; or there is no
        room for temporary files.
    """
    written = characters | {SPACE}
    if options.corpus is None:
        pools = _generated_pools(options, written)
    else:
        pools = _corpus_pools(options, Path(options.corpus), written)
    width = options.max_length * max(len(character.encode()) for character in written)
    taken = TextSet()
    texts: dict[str, TextRows] = {}
    for number, split in enumerate(SPLITS):
        chance = np.random.default_rng([options.seed, number])
        texts[split] = TextRows(width)
        for pool in pools[split]:
            fresh = _spool_fresh(pool.texts, taken, TextRows(width))
            # Neighbouring lines come from one sentence: choose among all of them alike.
            order = chance.permutation(len(fresh))[: pool.wanted]
            for chosen in in_blocks(fresh.take(order)):
                texts[split].extend(chosen)
                taken.add(chosen)
        if len(texts[split]) < options.count(split):
            raise InputError(
                f"expected text for {options.count(split)} {split} lines, got {len(texts[split])} "
                f"from {options.corpus or 'the generator'}: give a longer corpus, or fewer lines "
                f"with --set {split}_lines={max(len(texts[split]), 1)}"
            )
    return texts


def _spool_fresh(texts: Iterator[str], taken: TextSet, fresh: TextRows) -> TextRows:
    """Puts into `fresh` what is not taken, each text once."""
    met = taken.copy()
    for block in in_blocks(texts):
        fresh.extend(compress(block, met.add(block)))
    return fresh


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
    return {
        split: (
            # Read anew for each split: a long corpus need not fit into memory.
            Pool(
                options.count(split),
                _lines_of(take_share(read_corpus(path, alphabet), split, SENTENCE_SHARES), options),
            ),
        )
        for split in SPLITS
    }


def _lines_of(sentences: Iterator[str], options: LineOptions) -> Iterator[str]:
    return (line for text in sentences for line in to_lines(text, options.max_length))
