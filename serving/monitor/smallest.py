"""Keeps the items of the smallest keys: a sample, the unsurest, the oddest, in bounded memory.

Items with random keys are a uniform sample (bottom-k sampling: Cohen and Kaplan, "Summarizing Data
using Bottom-k Sketches", 2007). What is kept does not depend on the order of the items, nor on how
they were divided among workers and merged.
"""

import heapq
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_T = TypeVar("_T")
Key = tuple[float, int]
"""What is compared, and what decides between equals."""


@dataclass(order=True)
class _Entry(Generic[_T]):
    negated: Key  # of a heap whose root has the largest key
    item: _T = field(compare=False)
    size: int = field(compare=False)


class Smallest(Generic[_T]):
    """The items of the smallest keys, as many as fit.

    Args:
      most: items.
      most_bytes: of all items together, as `add` is told; the first one is kept whatever its size.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._heap: list[_Entry[_T]] = []
        self._bytes = 0
        self._bound: Key = (float("inf"), 0)  # from it on nothing fits

    def wants(self, key: Key) -> bool:
        """Tells whether an item of this key would be kept, its size aside."""
        return self._most > 0 and key < self._bound

    def add(self, key: Key, item: _T, size: int = 0) -> None:
        """Takes an item.

        Args:
          key: its numbers; equal ones are of the same item.
          item: to keep.
          size: in bytes.
        """
        if not self.wants(key):
            return
        heapq.heappush(self._heap, _Entry((-key[0], -key[1]), item, size))
        self._bytes += size
        # Whatever is put out puts out all that has a larger key, now and later: else what is kept
        # would depend on who came first.
        while len(self._heap) > self._most or (
            self._bytes > self._most_bytes and len(self._heap) > 1
        ):
            out = heapq.heappop(self._heap)
            self._bytes -= out.size
            self._bound = min(self._bound, (-out.negated[0], -out.negated[1]))

    def merge(self, other: "Smallest[_T]") -> None:
        """Takes the items of another part of the data."""
        self._bound = min(self._bound, other._bound)
        kept, self._heap, self._bytes = self._heap, [], 0
        for entry in (*kept, *other._heap):
            self.add((-entry.negated[0], -entry.negated[1]), entry.item, entry.size)

    def items(self) -> tuple[_T, ...]:
        """Returns what is kept, the smallest key first."""
        return tuple(entry.item for entry in sorted(self._heap, reverse=True))
