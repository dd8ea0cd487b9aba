"""Short texts by number in a temporary file, so that planning holds none of them.

Used by `lines.py`; to planned texts what `glyph_store.py` is to glyphs.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from schema.errors import InputError

BLOCK_TEXTS = 2**13
"""Texts that are handled in one go: about a megabyte."""

_FILL = b"\0"


class TextRows:
    """A list of texts on disk, all in as many bytes; its file has no name and goes with it.

    Args:
      width: the most bytes that a text has in UTF-8; no text ends with NUL.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._count = 0
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - as long as the list

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        for first in range(0, self._count, BLOCK_TEXTS):
            yield from self.read(first, first + BLOCK_TEXTS)

    def extend(self, texts: Iterable[str]) -> None:
        """Puts texts at the end.

        Raises:
          InputError: the disk is full.
          ValueError: a text is too long.
        """
        for block in in_blocks(texts):
            rows = [text.encode() for text in block]
            if max(map(len, rows)) > self._width:
                raise ValueError(
                    f"expected at most {self._width} bytes, got {max(rows, key=len)!r}"
                )
            self._write(b"".join(row.ljust(self._width, _FILL) for row in rows))
            self._count += len(rows)

    def read(self, first: int, end: int) -> list[str]:
        """Returns the texts with the numbers from `first` to before `end`, as far as there are."""
        count = max(min(end, self._count) - first, 0)
        found = os.pread(self._file.fileno(), count * self._width, first * self._width)
        starts = range(0, len(found), self._width)
        return [found[start : start + self._width].rstrip(_FILL).decode() for start in starts]

    def take(self, numbers: np.ndarray) -> Iterator[str]:
        """Yields the texts with some numbers, in the order of these."""
        for number in numbers:
            yield from self.read(int(number), int(number) + 1)

    def _write(self, rows: bytes) -> None:
        place, descriptor = self._count * self._width, self._file.fileno()
        try:
            while rows:
                written = os.pwrite(descriptor, rows, place)
                place, rows = place + written, rows[written:]
        except OSError as error:
            raise InputError(
                f"expected room for the lines' texts in {tempfile.gettempdir()}, got "
                f"{error.strerror}: free some, or set TMPDIR to another folder"
            ) from None


def in_blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yields texts in lists of at most `BLOCK_TEXTS`."""
    rest = iter(texts)
    while block := list(islice(rest, BLOCK_TEXTS)):
        yield block
