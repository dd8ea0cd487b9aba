"""Joins the feeds of several calls to one batch and takes its outputs apart; pure functions."""

from collections.abc import Sequence

import numpy as np

from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError


def row_count(call: SignatureCall) -> int:
    """Returns the length of the first axis that all feeds share; 0 where they share none."""
    sizes = {len(feed) if feed.ndim else None for feed in call.feeds}
    size = sizes.pop() if len(sizes) == 1 else None
    return size or 0


def concatenate(calls: Sequence[SignatureCall], rows: int) -> list[np.ndarray]:
    """Returns the feeds of all calls one after the other.

    Args:
      calls: of one signature; feeds of different shapes are padded at the end of each axis, with
        zeros or empty strings.
      rows: the batch is filled to so many with its first row.
    """
    columns = zip(*(call.feeds for call in calls), strict=True)
    return [_join(list(column), rows) for column in columns]


def split_rows(
    outputs: Sequence[np.ndarray], sizes: Sequence[int], feeds: Sequence[np.ndarray]
) -> list[list[np.ndarray]]:
    """Returns the outputs of each call.

    Args:
      outputs: of the batch.
      sizes: the rows of each call; what follows them in the batch was padding.
      feeds: of the batch.

    Raises:
      ServableError: FAILED_PRECONDITION, an output has not one row for each row of the batch.
    """
    rows = len(feeds[0])
    for output in outputs:
        if not output.ndim or len(output) != rows:
            raise ServableError(
                Code.FAILED_PRECONDITION,
                f"Batched output tensor's shape {list(output.shape)} does not begin with the "
                f"batch size {rows}",
            )
    ends = np.cumsum(sizes)
    return [
        [output[end - size : end] for output in outputs]
        for size, end in zip(sizes, ends, strict=True)
    ]


def _join(feeds: list[np.ndarray], rows: int) -> np.ndarray:
    largest = np.max([feed.shape[1:] for feed in feeds], axis=0).astype(int).tolist()
    joined = np.concatenate([_pad(feed, largest) for feed in feeds])
    missing = rows - len(joined)
    if not missing:
        return joined
    return np.concatenate([joined, np.repeat(joined[:1], missing, axis=0)])


def _pad(feed: np.ndarray, shape: list[int]) -> np.ndarray:
    if list(feed.shape[1:]) == shape:
        return feed
    widths = [(0, 0), *((0, to - size) for to, size in zip(shape, feed.shape[1:], strict=True))]
    return np.pad(feed, widths, constant_values=b"" if feed.dtype == object else 0)
