"""Levenshtein distances summed over a corpus: the counts behind CER and WER.

Corpus error rates are the sum of edits over the sum of reference lengths, never a mean of
per-line rates.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True)
class EditCounts:
    """Edits and reference lengths of one line.

    Args:
      substitutions: characters of the truth that were read as others.
      insertions: characters that were read and are not there.
      deletions: characters of the truth that were missed.
      characters: length of the truth.
      word_edits: substitutions, insertions and deletions of words, which white space separates.
      words: words in the truth.
    """

    substitutions: int
    insertions: int
    deletions: int
    characters: int
    word_edits: int
    words: int

    @property
    def character_edits(self) -> int:
        """The Levenshtein distance: the fewest edits that turn the truth into the reading."""
        return self.substitutions + self.insertions + self.deletions


def count_edits(truth: str, reading: str) -> EditCounts:
    """Compares one reading with its ground truth."""
    true_words, read_words = truth.split(), reading.split()
    kinds = Counter(edit.tag for edit in Levenshtein.editops(truth, reading))
    return EditCounts(
        substitutions=kinds["replace"],
        insertions=kinds["insert"],
        deletions=kinds["delete"],
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
