"""Finds the corner marks of a sheet in its photograph.

Before `sheet_photo.py`. A mark is a dark ring around a dark dot: two connected regions with one
middle whose sizes are as printed. Where other things look like that, the sheet's number decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from PIL import Image
from scipy import ndimage  # type: ignore[import-untyped]

_LOOKED_AT = 1400
"""Pixels of the longer side in which marks are looked for: a mark has some 30 to 70 then."""

_PAPER_WINDOW = 121  # pixels; more than a mark, less than a shadow
_DARK = 0.6  # of the brightness of the paper around
_LEAST_SIDE = 14  # pixels of a ring that can be told from noise
_DOT_TO_RING = 9 / 24
"""Dark area of the dot by that of the ring, as printed."""
_OFF_MIDDLE = 0.12  # of the ring's side
_MOST = 8
"""Candidates that are tried in fours."""


@dataclass(frozen=True)
class Mark:
    """Something that looks like a mark: its middle and side in pixels of the photograph."""

    x: float
    y: float
    side: float


def find_marks(image: np.ndarray) -> list[Mark]:
    """Returns what looks like a mark, the likeliest by its proportions first.

    Args:
      image: [height, width], uint8.
    """
    scale = min(_LOOKED_AT / max(image.shape), 1.0)
    size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX), np.float32)
    dark = small < _DARK * paper_of(small, _PAPER_WINDOW)
    regions, count = ndimage.label(dark, structure=np.ones((3, 3)))
    if not count:
        return []
    numbers = np.arange(1, count + 1)
    areas = np.bincount(regions.ravel(), minlength=count + 1)[1:]
    middles = np.asarray(ndimage.center_of_mass(dark, regions, numbers))  # [n, 2], y and x
    found = []
    for ring, box in enumerate(ndimage.find_objects(regions)):
        height, width = (part.stop - part.start for part in box)
        if min(height, width) < _LEAST_SIDE or max(height, width) > 2 * min(height, width):
            continue
        dot = _dot_within(ring, box, regions, areas, middles)
        if dot is not None:
            misfit = abs(np.log(areas[dot] / areas[ring] / _DOT_TO_RING))
            y, x = (middles[ring] + middles[dot]) / 2
            side = float(np.sqrt(areas[ring] * 49 / 24))
            found.append((misfit, Mark((x + 0.5) / scale, (y + 0.5) / scale, side / scale)))
    return [mark for _, mark in sorted(found, key=lambda pair: pair[0])[:_MOST]]


def quads(marks: list[Mark]) -> Iterator[np.ndarray]:
    """Yields fours of marks of like size in clockwise order, [4, 2], x and y, from each corner."""
    for four in combinations(marks, 4):
        sides = [mark.side for mark in four]
        if max(sides) > 2 * min(sides):
            continue
        points = np.array([[mark.x, mark.y] for mark in four])
        around = points - points.mean(axis=0)
        points = points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]  # y points down
        if _is_convex(points):
            for first in range(4):
                yield np.roll(points, -first, axis=0)


def paper_of(image: np.ndarray, window: int) -> np.ndarray:
    """Returns the brightness of the paper around each pixel, whatever is written on it.

    Args:
      image: float32 [height, width].
      window: pixels; larger than anything dark on the paper.
    """
    closed = ndimage.grey_closing(ndimage.uniform_filter(image, 3), size=(window, window))
    return np.maximum(ndimage.uniform_filter(closed, window // 2), 1.0)


def _dot_within(
    ring: int,
    box: tuple[slice, slice],
    regions: np.ndarray,
    areas: np.ndarray,
    middles: np.ndarray,
) -> int | None:
    """Returns the region that is the dot of a ring, None where that is no mark."""
    side = max(part.stop - part.start for part in box)
    for number in np.unique(regions[box]):
        dot = int(number) - 1
        if dot in (-1, ring) or not 0.5 < areas[dot] / areas[ring] / _DOT_TO_RING < 2.0:
            continue
        if np.hypot(*(middles[dot] - middles[ring])) < _OFF_MIDDLE * side:
            return dot
    return None


def _is_convex(points: np.ndarray) -> bool:
    edges = np.roll(points, -1, axis=0) - points
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    return bool((turns > 0).all())
