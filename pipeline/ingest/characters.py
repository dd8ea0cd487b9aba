"""From glyphs to single characters in three splits: the data of the character networks.

After the readers, before the ExampleGen.
"""

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.ingest.balance import balance_classes
from pipeline.ingest.emnist import EmnistIndex, GlyphIndex, index_emnist
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.spelling import CharacterChunk
from schema.alphabet import Alphabet
from schema.errors import InputError
from schema.splits import SPLITS

CHUNK_CHARACTERS = 1000
"""Characters that are handed to a worker together."""


@dataclass(frozen=True)
class CharacterOptions:
    """What characters are taken.

    Args:
      data_set: which one of EMNIST, as in "byclass", where the folder holds several.
      max_train: most training characters, drawn at random; 0 takes all.
      balance: whether frequent classes of the training split are cut down
        (`pipeline.ingest.balance`).
      seed: decides everything random.
    """

    data_set: str = ""
    max_train: int = 0
    balance: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_train < 0:
            raise InputError(f"expected max_train >= 0, got {self.max_train}: correct it")


@functools.lru_cache(maxsize=1)
def plan_characters(folder: Path, options: CharacterOptions) -> EmnistIndex:
    """Chooses the glyphs of every split, once a process.

    Raises:
      InputError: the folder is bad, or a split has a character that training never sees.
    """
    index = index_emnist(find_emnist(folder, options.data_set or None))
    train = index.train
    if options.balance:
        train = balance_classes(train, options.seed)
    if 0 < options.max_train < len(train):
        train = _draw(train, options.max_train, options.seed)
    known = set(train.characters.tolist())
    for split in SPLITS:
        characters = set(getattr(index, split).characters.tolist())
        if not characters:
            raise InputError(
                f"expected characters in every split, got none in {split} of {folder}: "
                "give more glyphs"
            )
        if characters - known:
            raise InputError(
                f"expected characters that training sees, got {sorted(characters - known)} in "
                f"{split} of {folder}: give training glyphs of them, or raise max_train"
            )
    return dataclasses.replace(index, train=train)


def alphabet_of(index: EmnistIndex) -> Alphabet:
    """Returns the characters of the training glyphs, in order."""
    return Alphabet("".join(sorted(set(index.train.characters.tolist()))))


def chunk_characters(index: EmnistIndex) -> Iterator[CharacterChunk]:
    """Yields the characters of all splits in chunks of `CHUNK_CHARACTERS`."""
    for split in SPLITS:
        count = len(getattr(index, split))
        for first in range(0, count, CHUNK_CHARACTERS):
            yield CharacterChunk(split, first, min(first + CHUNK_CHARACTERS, count))


def _draw(glyphs: GlyphIndex, count: int, seed: int) -> GlyphIndex:
    # At random, for a prefix of a file may be sorted by class or writer.
    kept = np.random.default_rng(seed).permutation(len(glyphs))[:count]
    return glyphs.select(np.sort(kept))
