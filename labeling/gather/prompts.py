"""Chooses what people are asked to write: texts with the characters that the model gets wrong.

Texts are chosen one after the other, each the one that adds most to a sum over the characters: a
character's weight times the logarithm of how often it is written. Weights follow the model's
mistakes, the logarithm keeps the balance: once a character has been written often, others count.
The sum is submodular, so choosing greedily comes near the best choice (Nemhauser, Wolsey and
Fisher, 1978).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.ingest.corpus import read_corpus, to_lines
from pipeline.ingest.sentences import generate_sentences, split_vocabulary
from schema.alphabet import Alphabet
from schema.errors import InputError
from schema.splits import TRAIN

SHORTEST = 18
"""Shorter texts are not asked for: what is left over where sentences are broken into lines."""

_POOL = 600
_VOCABULARY_SEED = 0
_EVENLY = 0.3
"""Share of the weight that all characters share alike: mistakes are known of few."""
_LINE_COST = 10.0  # characters that could be written while a line is begun
_ENOUGH = 5.0
"""A character that was written so often counts half as much the next time."""


def write_texts(alphabet: Alphabet, seed: int, longest: int, own: Path | None = None) -> list[str]:
    """Returns texts to choose from, none with a character outside the alphabet.

    Args:
      alphabet: of labels.
      seed: another one gives other sentences; without effect on texts of the user's own.
      longest: characters in a text.
      own: a text file to take them from; English sentences are made up without.

    Raises:
      InputError: there are none.
    """
    if own is not None:
        sentences = list(read_corpus(own, alphabet))
    else:
        letters = frozenset(alphabet.symbols) - {" "}
        # Words that the pipeline holds out of training sentences stay out of these too.
        words = split_vocabulary(_VOCABULARY_SEED)[TRAIN]
        try:
            sentences = list(generate_sentences(_POOL, seed, words, letters))
        except InputError as error:
            raise InputError(f"{error}; or give texts of your own with --prompts") from None
    texts = [text for sentence in sentences for text in to_lines(sentence, longest)]
    kept = list(dict.fromkeys(text for text in texts if len(text) >= SHORTEST))
    if not kept:
        raise InputError(
            f"expected texts of at least {SHORTEST} characters to ask for, got none in "
            f"{own or 'the sentences'}: give a longer text file"
        )
    return kept


def choose(
    texts: Sequence[str],
    count: int,
    mistakes: Mapping[str, int],
    written: Mapping[str, int],
    asked: Iterable[str] = (),
) -> list[str]:
    """Chooses texts to be written; fewer where there are no more.

    Args:
      texts: to choose from.
      count: how many.
      mistakes: how often the model gets each character wrong.
      written: how often each character has been asked for already.
      asked: texts that are not to be chosen again.
    """
    known = set(asked)
    free = [text for text in texts if text not in known]
    characters = sorted({c for text in free for c in text} - {" "})
    if not free or not characters:
        return []
    counts = np.array([[text.count(c) for c in characters] for text in free], np.float64)
    weights = _weights(characters, mistakes)
    have = np.array([written.get(c, 0) for c in characters], np.float64)
    lengths = np.array([len(text) for text in free], np.float64)
    chosen: list[str] = []
    open_ = np.ones(len(free), dtype=bool)
    for _ in range(min(count, len(free))):
        gains = (np.log1p((have + counts) / _ENOUGH) - np.log1p(have / _ENOUGH)) @ weights
        # By length: what costs time is characters, and some for each line.
        best = int(np.argmax(np.where(open_, gains / (_LINE_COST + lengths), -1.0)))
        open_[best] = False
        have += counts[best]
        chosen.append(free[best])
    return chosen


def _weights(characters: Sequence[str], mistakes: Mapping[str, int]) -> np.ndarray:
    """Returns weights that are 1 together, [n]; even ones where no mistakes are known."""
    wrong = np.array([mistakes.get(c, 0) for c in characters], np.float64)
    even = np.full(len(characters), 1 / len(characters))
    if not wrong.sum():
        return even
    return _EVENLY * even + (1 - _EVENLY) * wrong / wrong.sum()
