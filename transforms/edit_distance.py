"""Levenshtein distances summed over a corpus: the counts behind CER and WER.

Corpus error rates are the sum of edits over the sum of reference lengths, never a mean of
per-line rates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True)
class EditCounts:
    """Edits and reference lengths of one line.

    Args:
      character_edits: substitutions, insertions and deletions that turn truth into reading.
      characters: length of the truth.
      word_edits: the same over words, which white space separates.
      words: words in the truth.
    """

    character_edits: int
    characters: int
    word_edits: int
    words: int


def count_edits(truth: str, reading: str) -> EditCounts:
    """Compares one reading with its ground truth."""
    true_words, read_words = truth.split(), reading.split()
    return EditCounts(
        character_edits=Levenshtein.distance(truth, reading),
        characters=len(truth),
        word_edits=Levenshtein.distance(true_words, read_words),
        words=len(true_words),
    )


def right_characters(truth: str, reading: str) -> NDArray[np.bool_]:
    """Tells of each character of the reading whether a shortest edit script keeps it."""
    right = np.zeros(len(reading), bool)
    for step in Levenshtein.opcodes(truth, reading):
        if step.tag == "equal":
            right[step.dest_start : step.dest_end] = True
    return right
