"""Simulated writers: each has a hand and habits, and varies a little from glyph to glyph.

After `fonts.py` and `strokes.py`, before `generate.py`. A glyph is finished as EMNIST's are:
blurred, fitted into the 24 x 24 middle of 28 x 28 pixels with its aspect ratio kept, ink 255
on 0 (Cohen et al., "EMNIST: an extension of MNIST to handwritten letters", 2017, section II).
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from pipeline.ingest.sample.canvas import BASELINE, CANVAS_SIZE, CAP_HEIGHT, CENTER, Hand
from pipeline.ingest.sample.fonts import AMATIC, AMATIC_BOLD, INTUITIVE, SHADOWS
from pipeline.ingest.sample.strokes import CURSIVE, PRINT, PRINT_ROMAN, SCRIPT, SCRIPT_BROAD
from schema.features import GLYPH_SIDE

SMALL_MARKS = frozenset(".,'-:;\"")
"""Punctuation that keeps its size and height in the line; all else fills the glyph."""

STYLES: tuple[tuple[Hand, Hand], ...] = (
    (SHADOWS, SHADOWS),
    (CURSIVE, CURSIVE),
    (PRINT, PRINT),
    (INTUITIVE, INTUITIVE),
    (SCRIPT, PRINT_ROMAN),
    (PRINT_ROMAN, PRINT_ROMAN),
    (SHADOWS, AMATIC),
    (SCRIPT_BROAD, SCRIPT_BROAD),
    (PRINT, AMATIC_BOLD),
    (INTUITIVE, AMATIC_BOLD),
    (SCRIPT, SCRIPT),
    (CURSIVE, SHADOWS),
)
"""Each style's hand for lower case, and its hand for all else."""

_FILLED = 24  # pixels of the longer side, EMNIST's margin of 2 all round
_SMALL_CAP_HEIGHT = 22  # pixels that a capital would have beside a small mark
_SMALL_BASELINE = 24  # pixels from the top; a comma's tail still fits below
# The shape is bent by moving the corners of three cells a side, few enough to break no stroke.
_EDGES = [0, 43, 85, CANVAS_SIZE]
_CORNERS = np.stack(np.meshgrid(_EDGES, _EDGES), axis=-1)  # [4, 4, 2], row, column, (x, y)
_ROW, _COLUMN = (axis.ravel()[:, None] for axis in np.indices((3, 3)))  # [9, 1] each
# The corners of each cell in Pillow's order: upper left, lower left, lower right, upper right.
_CELL_CORNERS = (_ROW + np.array([0, 1, 1, 0]), _COLUMN + np.array([0, 0, 1, 1]))  # [9, 4] each
_CELL_BOXES = [tuple(box) for box in _CORNERS[_CELL_CORNERS][:, [0, 2]].reshape(9, 4).tolist()]
_MIDDLE = np.array([CENTER, BASELINE - CAP_HEIGHT / 2])  # of a capital
_SCANNER_FLOOR = 12  # grey levels; a scanned and cleaned page has no fainter marks


@dataclass(frozen=True)
class Writer:
    """One writer's habits; every glyph varies around them.

    Args:
      lower: the hand for lower-case letters.
      other: the hand for capitals, digits and punctuation.
      thickness: of the pen in pixels of the final 28.
      slant: horizontal shift as a fraction of the height, to the right.
      rotation: radians, clockwise.
      aspect: width against height, 1 as the hand has it.
      fill: the share of the 24 pixels that a glyph takes.
      jitter: of points along a stroke, in pixels of the canvas.
      warp: of the whole shape, in pixels of the canvas.
      blur: radius in pixels of the final 28.
      grain: standard deviation of the ink's noise in grey levels.
    """

    lower: Hand
    other: Hand
    thickness: float
    slant: float
    rotation: float
    aspect: float
    fill: float
    jitter: float
    warp: float
    blur: float
    grain: float


def invent_writer(number: int, rng: np.random.Generator) -> Writer:
    """Returns a writer with habits drawn from `rng`; the styles go round by `number`."""
    lower, other = STYLES[number % len(STYLES)]
    return Writer(
        lower=lower,
        other=other,
        thickness=rng.uniform(2.0, 4.2),
        slant=rng.normal(0.08, 0.17),
        rotation=rng.normal(0, 0.04),
        aspect=rng.uniform(0.85, 1.2),
        fill=rng.uniform(0.9, 1.0),
        jitter=rng.uniform(0.4, 1.2),
        warp=rng.uniform(0.9, 3.0),
        blur=rng.uniform(0.3, 0.6),
        grain=rng.uniform(2, 10),
    )


def write_text(number: int, seed: np.random.SeedSequence, text: str) -> np.ndarray:
    """Invents a writer, who writes the characters of a text one after the other.

    Returns:
      [len(text), 28, 28], uint8, as `write_glyph` does.
    """
    rng = np.random.default_rng(seed)
    writer = invent_writer(number, rng)
    glyphs = np.empty((len(text), GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    for glyph, character in zip(glyphs, text, strict=True):
        glyph[:] = write_glyph(writer, character, rng)
    return glyphs


def write_glyph(writer: Writer, character: str, rng: np.random.Generator) -> np.ndarray:
    """Returns the character as the writer writes it this once.

    Returns:
      [28, 28], uint8, upright, ink 255 on 0.
    """
    small = character in SMALL_MARKS
    hand = writer.lower if character.islower() else writer.other
    # Final pixels for each pixel of the canvas, as `_fit` and `_place` will scale it.
    scale = _SMALL_CAP_HEIGHT / CAP_HEIGHT if small else _FILLED / max(hand.extent(character), 1)
    thickness = writer.thickness * rng.uniform(0.85, 1.15) / scale
    ink = hand.draw(character, thickness, writer.jitter, rng)
    ink = _warp(ink, writer, rng)
    fill = writer.fill * rng.uniform(0.95, 1.0)
    glyph = _place(ink, writer.blur, rng) if small else _fit(ink, writer.blur, fill, rng)
    return _scan(glyph, writer.grain, rng)


def _warp(ink: Image.Image, writer: Writer, rng: np.random.Generator) -> Image.Image:
    """Slants, turns, stretches and bends the shape about the middle of a capital."""
    angle = writer.rotation + rng.normal(0, 0.03)
    slant = writer.slant + rng.normal(0, 0.04)
    width = writer.aspect * rng.normal(1, 0.04)
    cos, sin = np.cos(angle), np.sin(angle)
    # From the final place of a point to where it comes from: turn back, upright, narrow.
    turn_back = np.array([[cos, sin], [-sin, cos]])  # y points down: a positive angle is clockwise
    backward = np.array([[1 / width, slant / width], [0, 1]]) @ turn_back
    sources = (_CORNERS - _MIDDLE) @ backward.T + _MIDDLE
    sources += rng.normal(0, writer.warp, sources.shape)
    quads = sources[_CELL_CORNERS]  # [9, 4, 2]
    left, top, right, bottom = ink.getbbox() or (0, 0, 0, 0)
    # Half the cells come from blank paper, and what no cell fills stays blank.
    inked = (quads.max(axis=1) >= (left, top)) & (quads.min(axis=1) <= (right, bottom))
    cells = [
        (_CELL_BOXES[number], quads[number].ravel().tolist())
        for number in np.flatnonzero(inked.all(axis=1))
    ]
    return ink.transform(ink.size, Image.Transform.MESH, cells, Image.Resampling.BILINEAR)


def _fit(ink: Image.Image, blur: float, fill: float, rng: np.random.Generator) -> np.ndarray:
    """Scales the shape to the middle of the glyph, as EMNIST does; returns [28, 28] floats."""
    left, top, right, bottom = ink.getbbox() or (0, 0, *ink.size)
    # Only the surroundings of the shape are blurred: the whole canvas takes ten times as long.
    shape = ink.crop((left - 2, top - 2, right + 2, bottom + 2))
    scale = _FILLED * fill / max(shape.size)
    shape = shape.filter(ImageFilter.GaussianBlur(blur / scale))
    size = [max(1, round(side * scale)) for side in shape.size]
    shape = shape.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    left = (GLYPH_SIDE - size[0]) // 2
    # One pixel up or down stands for a base line that is not quite straight.
    top = (GLYPH_SIDE - size[1]) // 2 + int(rng.integers(-1, 2))
    glyph = np.zeros((GLYPH_SIDE, GLYPH_SIDE))
    glyph[top : top + size[1], left : left + size[0]] = shape
    return glyph


def _place(ink: Image.Image, blur: float, rng: np.random.Generator) -> np.ndarray:
    """Scales the shape with the line around it kept in place; returns [28, 28] floats."""
    scale = _SMALL_CAP_HEIGHT / CAP_HEIGHT
    left = CENTER - GLYPH_SIDE / 2 / scale
    top = BASELINE - (_SMALL_BASELINE + int(rng.integers(-1, 2))) / scale
    side = GLYPH_SIDE / scale
    box = (left, top, left + side, top + side)
    blurred = ink.filter(ImageFilter.GaussianBlur(blur / scale))
    glyph = blurred.resize((GLYPH_SIDE, GLYPH_SIDE), Image.Resampling.BICUBIC, box=box)
    return np.asarray(glyph, float)


def _scan(glyph: np.ndarray, grain: float, rng: np.random.Generator) -> np.ndarray:
    """Brings the ink to full strength, adds the grain of paper, and cuts faint marks off."""
    full = glyph * (255 / max(glyph.max(), 1))
    noisy = full + rng.normal(0, grain, full.shape) * (full > 0)
    noisy[noisy < _SCANNER_FLOOR] = 0
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
