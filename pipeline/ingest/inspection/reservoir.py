"""Keeps a random sample of a stream of unknown length."""

import random
from typing import Generic, TypeVar

T = TypeVar("T")


class Reservoir(Generic[T]):
    """A sample in which every item of the stream is with the same chance (Vitter's algorithm R).

    Args:
      size: how many items to keep.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._seen = 0
        self._chance = random.Random(0)  # the same folder gives the same picture
        self.items: list[T] = []

    def place(self) -> int | None:
        """Returns where the next item of the stream goes, None if it is not kept."""
        self._seen += 1
        if len(self.items) < self._size:
            return len(self.items)
        place = self._chance.randrange(self._seen)
        return place if place < self._size else None

    def keep(self, place: int, item: T) -> None:
        """Puts an item where `place` said."""
        self.items[place : place + 1] = [item]
