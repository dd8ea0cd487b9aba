"""Divides a batch among the threads that are free, pictures of similar width together.

A line model pads the pictures of a batch to the widest of them, so calls of similar width leave
less to pad, and two cores that run a piece each wait for each other only once. `batching` divides
a batch with these pure functions where `BatchSettings.divide` says so.
"""

from collections.abc import Sequence

import numpy as np

from serving.server.image_limits import image_size
from serving.server.signature_call import SignatureCall

MIN_ROWS = 8
"""Of a piece on the average: smaller ones cost more beside their rows than they spare."""

_FIXED_ROWS = 4
"""What a piece costs beside its rows, in rows: batches of 1 to 64 lines took (4 + rows) x 4 ms."""

_SEARCH_STEPS = 20  # the largest piece is then at most a millionth larger than need be


def extent(call: SignatureCall) -> float:
    """Returns what the time for a row of a call grows with.

    That is the widest of its pictures for their height; of other strings the longest; of numbers
    the elements of a row. Only calls of one signature are compared.
    """
    return max((_extent(feed) for feed in call.feeds), default=0.0)


def divide(extents: Sequence[float], sizes: Sequence[int], pieces: int) -> list[list[int]]:
    """Puts calls of similar extent together so that no piece takes much longer than another.

    Args:
      extents: of the calls.
      sizes: their rows.
      pieces: how many there may be; fewer where the rows do not suffice for them.

    Returns:
      The numbers of the calls of each piece, the largest extents first; in one piece as given.
    """
    pieces = min(pieces, sum(sizes) // MIN_ROWS)
    if pieces < 2:
        return [list(range(len(sizes)))]
    order = sorted(range(len(sizes)), key=lambda number: -extents[number])
    low, high = 0.0, _cost(extents[order[0]], sum(sizes))
    best = [order]
    for _ in range(_SEARCH_STEPS):
        limit = (low + high) / 2
        filled = _fill(order, extents, sizes, limit)
        if len(filled) <= pieces:
            best, high = filled, limit
        else:
            low = limit
    return best


def _fill(
    order: Sequence[int], extents: Sequence[float], sizes: Sequence[int], limit: float
) -> list[list[int]]:
    """Begins another piece wherever one would cost more than the limit."""
    filled: list[list[int]] = []
    rows, widest = 0, 0.0
    for number in order:
        rows += sizes[number]
        if not filled or _cost(widest, rows) > limit:
            filled.append([])
            rows, widest = sizes[number], extents[number]
        filled[-1].append(number)
    return filled


def _cost(widest: float, rows: int) -> float:
    return widest * (rows + _FIXED_ROWS)


def _extent(feed: np.ndarray) -> float:
    if feed.dtype != object:
        return feed.size / max(len(feed), 1) if feed.ndim else 1.0
    return max((_string_extent(value) for value in feed.flat), default=0.0)


def _string_extent(value: bytes | str) -> float:
    width, height = image_size(value) if isinstance(value, bytes) else (0, 0)
    return width / height if width and height else float(len(value))
