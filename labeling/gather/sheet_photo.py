"""Cuts the photograph of a sheet into the lines that somebody has written on it.

After `sheet_marks.py`. The marks give the perspective (a homography by four points, Hartley and
Zisserman, "Multiple View Geometry", 4.1); in the straightened sheet the paper's brightness is
divided out, so that shadows go, and whatever is as light as the printed guides becomes paper.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage  # type: ignore[import-untyped]

from labeling.gather import sheet_layout as layout
from labeling.gather.sheet_marks import find_marks, paper_of, quads
from schema.errors import InputError

PER_MM = 8
"""Pixels for a millimetre in the straightened sheet: writing is some 40 high."""

_PAPER_WINDOW = 18 * PER_MM + 1  # more than a mark
_DARK_CELL = 0.6
_INK = 0.62
"""Share of the paper's brightness below which a pixel is ink for certain."""
_SPECK = 0.6 * PER_MM**2  # pixels; smaller spots alone are dirt, dots of an i are larger
_BELOW = 2.5  # mm below a box that descenders may reach
_MARGIN = 0.08
"""Paper left around the ink, as a share of its height: what line models are trained with."""
_LEAST_HEIGHT = 1.5 * PER_MM


@dataclass(frozen=True)
class SheetPhoto:
    """A sheet, straightened.

    Args:
      number: of the sheet.
      paper: [height, width], float32: brightness by that of the paper, `PER_MM` pixels a mm.
    """

    number: int
    paper: np.ndarray

    def line(self, number: int) -> np.ndarray | None:
        """Returns what is written on a line, from 0: uint8 [h, w], dark on white; None: nothing."""
        left, top, right, bottom = layout.writing_box(number)
        rows, columns = _pixels(top, bottom + _BELOW), _pixels(left - 1, right + 1)
        return _cut_ink(self.paper[rows, columns])


def read_sheet(image: np.ndarray, name: str) -> SheetPhoto:
    """Finds the sheet in a photograph and straightens it.

    Args:
      image: [height, width], uint8.
      name: of the picture, for messages.

    Raises:
      InputError: no sheet, or not all of it, or its number cannot be read.
    """
    marks = find_marks(image)
    for corners in quads(marks):
        number = _read_number(image, corners)
        if number is not None:
            return SheetPhoto(number, _straighten(image, corners))
    if len(marks) < len(layout.MARKS):
        found = f"{len(marks)} in {name}"
    else:
        found = f"marks but no readable strip of squares at the upper edge in {name}"
    raise InputError(
        f"expected a sheet with its four corner marks, got {found}: photograph the whole sheet "
        "again, flat, sharp and in even light, with nothing over its corners and upper edge"
    )


def _homography(corners: np.ndarray) -> np.ndarray:
    """Returns the 3 x 3 matrix that takes millimetres of the sheet to pixels of the photograph."""
    rows, right = [], []
    for (x, y), (u, v) in zip(layout.MARKS, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    solved = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    return np.append(solved, 1.0).reshape(3, 3)


def _sample(image: np.ndarray, corners: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the photograph's brightness at places of the sheet in millimetres, float32."""
    a = _homography(corners)
    depth = a[2, 0] * x + a[2, 1] * y + a[2, 2]
    columns = (a[0, 0] * x + a[0, 1] * y + a[0, 2]) / depth - 0.5
    rows = (a[1, 0] * x + a[1, 1] * y + a[1, 2]) / depth - 0.5
    places = np.stack([rows, columns]).astype(np.float32)
    return ndimage.map_coordinates(image, places, np.float32, order=1, mode="nearest")


def _read_number(image: np.ndarray, corners: np.ndarray) -> int | None:
    """Returns the number in the strip if the sheet lies so, None where it does not."""
    left, top, _, _ = layout.cell_box(0)
    right, bottom = layout.cell_box(layout.CELLS - 1)[2:]
    per_mm = 4
    # With as much above and below as tells paper from ink where all cells are dark.
    x = np.arange(left - layout.CELL, right + layout.CELL, 1 / per_mm)
    y = np.arange(top - layout.CELL, bottom + layout.CELL, 1 / per_mm)
    strip = _sample(image, corners, *np.meshgrid(x, y))
    light = strip / paper_of(strip, 6 * int(layout.CELL) * per_mm + 1)
    cells = []
    for cell in range(layout.CELLS):
        box = layout.cell_box(cell)
        middle = (box[0] + box[2]) / 2 - x[0], (box[1] + box[3]) / 2 - y[0]
        column, row = (round(place * per_mm) for place in middle)
        cells.append(bool(light[row - 3 : row + 4, column - 3 : column + 4].mean() < _DARK_CELL))
    return layout.cells_to_number(tuple(cells))


def _straighten(image: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Returns the sheet by the brightness of its paper, float32 in about 0..1."""
    x = (np.arange(round(layout.WIDTH * PER_MM)) + 0.5) / PER_MM
    y = (np.arange(round(layout.HEIGHT * PER_MM)) + 0.5) / PER_MM
    sheet = _sample(image, corners, *np.meshgrid(x, y))
    # The paper is smooth: a quarter of the pixels tells as much.
    paper = Image.fromarray(paper_of(sheet[::4, ::4], _PAPER_WINDOW // 4))
    whole = paper.resize((sheet.shape[1], sheet.shape[0]), Image.Resampling.BILINEAR)
    return sheet / np.asarray(whole)


def _cut_ink(box: np.ndarray) -> np.ndarray | None:
    """Cuts what is written out of a box, with a margin; None where there is nothing."""
    grown = ndimage.binary_dilation(box < _INK, iterations=2)  # a broken stroke is one
    regions, count = ndimage.label(grown, structure=np.ones((3, 3)))
    areas = np.bincount(regions.ravel(), minlength=count + 1)
    kept = areas >= _SPECK
    kept[0] = False
    # What comes in from above is the tail of a printed prompt; writing begins in the box.
    kept[_entering(regions, count)] = False
    ink = kept[regions]
    if not ink.any():
        return None
    (top, bottom), (left, right) = ((places.min(), places.max() + 1) for places in np.nonzero(ink))
    if bottom - top < _LEAST_HEIGHT:
        return None
    light = np.where(kept[regions] | (regions == 0), box, 1.0)
    margin = int(np.ceil(_MARGIN * (bottom - top))) + 1
    clean = np.clip(light[top:bottom, left:right] / (layout.GUIDE - 0.06), 0, 1)
    padded = np.pad(clean, margin, constant_values=1.0)
    return np.rint(padded * 255).astype(np.uint8)


def _entering(regions: np.ndarray, count: int) -> np.ndarray:
    """Returns the regions that touch the upper edge and stay near it."""
    near = int(1.5 * PER_MM)
    touching = np.unique(regions[0])
    deep = np.zeros(count + 1, dtype=bool)
    deep[np.unique(regions[near:])] = True
    return np.array([number for number in touching if number and not deep[number]], dtype=int)


def _pixels(start: float, stop: float) -> slice:
    return slice(round(start * PER_MM), round(stop * PER_MM))
