"""Hands from stroke fonts: pen paths that stray a little each time they are written.

Beside `fonts.py`, below `writer.py`. The paths are those that A. V. Hershey digitised, from the
package Hershey-Fonts (MIT). Its y axis points down as an image's does.
"""

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
from HersheyFonts import HersheyFonts
from PIL import Image, ImageDraw

from pipeline.ingest.sample.canvas import BASELINE, CANVAS_SIZE, CAP_HEIGHT, CENTER
from schema.errors import InputError

_POINT_DISTANCE = 6.0  # pixels between the points of a path; shorter shows no more at 28 pixels
_CORNER_COSINE = 0.85  # of 32 degrees; gentler bends leave gaps too thin to see


@dataclass(frozen=True)
class StrokeHand:
    """A hand that moves a pen along the paths of a Hershey font; `font` is as in "cursive"."""

    font: str

    def draw(
        self, character: str, thickness: float, jitter: float, rng: np.random.Generator
    ) -> Image.Image:
        """See `Hand`. Each stroke shifts as a whole, and its points stray smoothly."""
        image = Image.new("L", (CANVAS_SIZE, CANVAS_SIZE))
        pen = ImageDraw.Draw(image)
        width = max(2, round(thickness))
        for path in _paths(self.font, character):
            noise = rng.normal(0, jitter, (len(path) + 3, 2))
            # The mean of three neighbours bends the stroke where lone noise would fray it.
            wander = noise[:-3] + noise[1:-2] + noise[2:-1] + noise[-1]
            points = path + wander / 2  # [n, 2], x and y
            pen.line(points.ravel().tolist(), 255, width)
            for x, y in points[_needs_round(points)]:
                pen.ellipse(
                    (x - width / 2, y - width / 2, x + width / 2 - 1, y + width / 2 - 1), 255
                )
        return image

    def extent(self, character: str) -> float:
        """See `Hand`."""
        points = np.concatenate(_paths(self.font, character))
        return float(np.ptp(points, axis=0).max())


CURSIVE = StrokeHand("cursive")
SCRIPT = StrokeHand("scripts")
SCRIPT_BROAD = StrokeHand("scriptc")
PRINT = StrokeHand("futural")
PRINT_ROMAN = StrokeHand("rowmans")


@cache
def _load(font: str) -> HersheyFonts:
    return HersheyFonts(load_default_font=font)


@cache
def _paths(font: str, character: str) -> tuple[np.ndarray, ...]:
    """Returns the strokes of a character on the canvas, each [n, 2] with n >= 2, x and y."""
    hershey = _load(font)
    options = hershey.render_options
    scale = CAP_HEIGHT / (options.base_line - options.cap_line)
    glyph = hershey.all_glyphs.get(character)
    strokes = [np.array(stroke, float) for stroke in glyph.strokes if stroke] if glyph else []
    if not strokes:
        raise InputError(
            f"expected the Hershey font {font} to draw {character!r}, got no stroke: "
            "install the version of Hershey-Fonts that the lock file names"
        )
    every = np.concatenate(strokes)
    middle = (every[:, 0].min() + every[:, 0].max()) / 2
    origin = np.array([middle, options.base_line])
    return tuple(_subdivide((stroke - origin) * scale + (CENTER, BASELINE)) for stroke in strokes)


def _needs_round(points: np.ndarray) -> np.ndarray:
    """Returns a mask of the points [n, 2] where square line ends would show: ends and corners."""
    steps = np.diff(points, axis=0)
    directions = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-6)
    corners = (directions[:-1] * directions[1:]).sum(axis=1) < _CORNER_COSINE
    return np.concatenate([[True], corners, [True]])


def _subdivide(path: np.ndarray) -> np.ndarray:
    """Adds points so that no two neighbours are further apart than _POINT_DISTANCE."""
    pieces = [path[:1]]
    for start, end in itertools.pairwise(path):
        count = max(1, int(np.ceil(np.hypot(*(end - start)) / _POINT_DISTANCE)))
        fractions = np.arange(1, count + 1)[:, None] / count
        pieces.append(start + (end - start) * fractions)
    points = np.concatenate(pieces)
    return points if len(points) > 1 else np.repeat(points, 2, axis=0)
