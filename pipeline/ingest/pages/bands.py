"""Measures the band of each line of a page from its outline and its baseline.

After the readers of pages and the page generator, before the examples: whatever a source says of
a line becomes one row of numbers (`schema.line_bands`).
"""

from collections.abc import Collection

import numpy as np

from pipeline.ingest.records import PageLine, PageRecord
from schema import line_bands

_COLUMNS_MEASURED = 65
_USUAL = 0.75  # where the baseline is in the outline of a line that has none, from the top
_CORE_SHARE = 0.6  # small letters' height in an outline's height over the baseline, at most
_LEAST = 1.0  # pixels; no measure is smaller


def page_bands(page: PageRecord, ignored: Collection[str] = ()) -> np.ndarray:
    """Measures every line of a page.

    Args:
      page: its lines have outlines of three points or more.
      ignored: ids of the lines that shall neither count as found nor as missed.

    Returns:
      float32 [lines, line_bands.COLUMNS], in the order of the page.
    """
    rows = [line_band(line, line.line_id not in ignored) for line in page.lines]
    return np.asarray(rows, np.float32).reshape(-1, line_bands.COLUMNS)


def line_band(line: PageLine, counted: bool = True) -> np.ndarray:
    """Measures one line.

    The small letters' height is the median height of the outline over the baseline, which is
    that of the small letters where ascenders do not fill the line; outlines drawn as boxes have
    it at a smaller share of theirs.

    Args:
      line: nearly level; of a steep one the box alone is exact.
      counted: whether it is to be found.

    Returns:
      float64 [line_bands.COLUMNS].
    """
    outline = np.asarray(line.polygon, np.float64)  # [n, 2], x and y
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    x = np.linspace(left, right, line_bands.POINTS)
    upper, lower = _edges(outline, np.linspace(left, right, _COLUMNS_MEASURED))  # [c] each
    y = _baseline(line, x, upper, lower)
    y = np.clip(y, top + _LEAST, max(bottom - _LEAST, top + _LEAST))
    at_columns = np.interp(np.linspace(left, right, _COLUMNS_MEASURED), x, y)
    ascent = float(np.median(at_columns - upper))
    row = np.empty(line_bands.COLUMNS)
    row[line_bands.BOX] = top, left, bottom, right
    row[line_bands.HEIGHT] = max(min(ascent, _CORE_SHARE * (bottom - top)), _LEAST)
    row[line_bands.OVER] = max(y.min() - top, row[line_bands.HEIGHT])
    row[line_bands.UNDER] = max(bottom - y.max(), _LEAST)
    row[line_bands.COUNTED] = counted
    row[line_bands.X], row[line_bands.Y] = x, y
    return row


def _baseline(line: PageLine, x: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Returns the height of the baseline at each x: the line's own, or one guessed from its edges.

    A baseline that covers little of the line, or runs backwards, is not believed.
    """
    points = np.asarray(line.baseline, np.float64).reshape(-1, 2)
    if len(points) and np.ptp(points[:, 0]) >= (x[-1] - x[0]) / 2:
        points = points[np.argsort(points[:, 0], kind="stable")]
        return np.interp(x, points[:, 0], points[:, 1])
    middle = upper + _USUAL * (lower - upper)
    columns = np.linspace(x[0], x[-1], len(upper))
    return np.polyval(np.polyfit(columns - x[0], middle, 1), x - x[0])


def _edges(outline: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the highest and the lowest point of an outline in each column: [c] each."""
    start, end = outline, np.roll(outline, -1, axis=0)  # [n, 2]
    inner = np.clip(columns, outline[:, 0].min() + 1e-3, outline[:, 0].max() - 1e-3)[:, None]
    run = end[:, 0] - start[:, 0]
    share = (inner - start[:, 0]) / np.where(run == 0, np.inf, run)  # [c, n]
    crossed = (share >= 0) & (share <= 1) & (run != 0)
    heights = start[:, 1] + share * (end[:, 1] - start[:, 1])
    return (
        np.where(crossed, heights, np.inf).min(axis=1),
        np.where(crossed, heights, -np.inf).max(axis=1),
    )
