"""Tells whether a text has been met before, without keeping it.

Used where texts are planned by the million: by `sentences.py` and `lines.py`.
"""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise

import numpy as np

_PARTS_LOG2 = 6
_EDGES = np.arange(1, 2**_PARTS_LOG2, dtype=np.uint64) << np.uint64(64 - _PARTS_LOG2)


class TextSet:
    """A set of texts in 8 bytes each: a hash of 64 bits.

    Among 10 million texts two different ones collide with a chance of 3 in a million, and then
    one that is new is taken for known.
    """

    def __init__(self) -> None:
        # Sorted, by the hash's first bits: what is added is a copy of one part, not of all.
        self._parts = [np.empty(0, np.uint64)] * 2**_PARTS_LOG2

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def copy(self) -> "TextSet":
        """Returns a set that starts with the same texts."""
        other = TextSet()
        other._parts = list(self._parts)  # the arrays are replaced, never changed
        return other

    def add(self, texts: Sequence[str]) -> np.ndarray:
        """Adds texts; returns a mask [n] of those that are new, of equal ones the first.

        Takes as long as copying the set does: add thousands at once.
        """
        hashes = np.array([_hash(text) for text in texts], np.uint64)
        order = np.argsort(hashes, kind="stable")
        ranked = hashes[order]  # [n]
        new = np.ones(len(ranked), bool)
        new[1:] = ranked[1:] != ranked[:-1]
        bounds = pairwise([0, *np.searchsorted(ranked, _EDGES).tolist(), len(ranked)])
        for number, (low, high) in enumerate(bounds):
            if low < high:
                self._add_to_part(number, ranked[low:high], new[low:high])
        mask = np.empty(len(new), bool)
        mask[order] = new
        return mask

    def _add_to_part(self, number: int, ranked: np.ndarray, new: np.ndarray) -> None:
        """Adds sorted hashes and clears the mask where they are known."""
        part = self._parts[number]
        places = np.searchsorted(part, ranked)
        inside = places < len(part)
        new[inside] &= part[places[inside]] != ranked[inside]
        self._parts[number] = np.insert(part, places[new], ranked[new])


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
