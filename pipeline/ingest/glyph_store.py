"""Glyphs of a split in a file of their own, for workers to take single ones out of.

After `emnist.py`, before `spelling.py`. EMNIST's files can only be read from front to back; here
each glyph has a number, those of a character follow each other, and a worker holds none of them.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.ingest.emnist import GlyphIndex
from schema.features import GLYPH_SIDE

NO_GLYPH = -1
"""The glyph number of a space."""

_GLYPH_BYTES = GLYPH_SIDE * GLYPH_SIDE


@dataclass(frozen=True)
class GlyphStore:
    """Where the glyphs of a split are, and which numbers those of each character have.

    Args:
      name: of the file: upright glyphs of 784 bytes, uint8, ink 255, one after the other.
      numbers: character -> the first number of its glyphs, and the one after the last.
    """

    name: str
    numbers: dict[str, tuple[int, int]]


def number_glyphs(characters: np.ndarray) -> dict[str, tuple[int, int]]:
    """Returns the numbers that the glyphs of each character get, as `GlyphStore.numbers`.

    Args:
      characters: [n], what each glyph shows.
    """
    found, counts = np.unique(characters, return_counts=True)
    ends = np.cumsum(counts)
    return {
        str(character): (int(end - count), int(end))
        for character, count, end in zip(found, counts, ends, strict=True)
    }


def write_store(index: GlyphIndex, path: Path) -> GlyphStore:
    """Writes the glyphs of a split, one block of them in memory at a time."""
    places = np.empty(len(index), np.int64)  # the number of each glyph of the index
    places[np.argsort(index.characters, kind="stable")] = np.arange(len(index))
    with path.open("wb") as file:
        for rows, images in index.stream():
            for place, image in zip(places[rows].tolist(), images, strict=True):
                os.pwrite(file.fileno(), image.data, place * _GLYPH_BYTES)
    return GlyphStore(path.name, number_glyphs(index.characters))


class GlyphReader:
    """Takes glyphs out of a store's file.

    Args:
      path: of a store's file; open until the reader is gone.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """Returns glyphs by their numbers: uint8 [n, 28, 28], empty paper for `NO_GLYPH`."""
        stack = np.zeros((len(numbers), GLYPH_SIDE, GLYPH_SIDE), np.uint8)
        descriptor = self._file.fileno()
        for glyph, number in zip(stack, numbers.tolist(), strict=True):
            if number != NO_GLYPH:
                os.preadv(descriptor, [glyph.data], number * _GLYPH_BYTES)
        return stack

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
