"""How the lines of a page travel through the pipeline: one row of numbers a line, its band.

`pipeline.ingest.pages.bands` makes the rows from outlines and baselines, Transform scales them,
`transforms.band_maps` draws them as what the detector shall see, and the Evaluator reads their
boxes. A page's rows are little-endian float32 [lines, `COLUMNS`], in reading order; lengths are in
pixels of the page's picture.
"""

import numpy as np

BOX = slice(0, 4)
"""ymin, xmin, ymax, xmax of the line's outline."""

HEIGHT = 4
"""Height of small letters over the baseline."""

OVER, UNDER = 5, 6
"""How far the box reaches above the highest and below the lowest point of the baseline."""

COUNTED = 7
"""1 for a line that is to be found; 0 for one that neither counts as found nor as missed."""

POINTS = 17
"""Points of the baseline, at even distances from the left to the right end of the line."""

X, Y = slice(8, 8 + POINTS), slice(8 + POINTS, 8 + 2 * POINTS)
"""Columns and rows of those points, from left to right."""

COLUMNS = 8 + 2 * POINTS


def pack_rows(rows: np.ndarray) -> bytes:
    """Returns a page's rows, [lines, COLUMNS], as bytes; the inverse of `unpack_rows`."""
    return np.ascontiguousarray(rows, "<f4").tobytes()


def unpack_rows(packed: bytes) -> np.ndarray:
    """Returns float32 [lines, COLUMNS]."""
    return np.frombuffer(packed, "<f4").reshape(-1, COLUMNS)
