"""The sheets of generated pages: uneven light, rulings, stains, printed words, holes, dark edges.

Below `generated.py`. Everything here is what a detector must not take for a written line.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_PRINTED = (
    "MEMORANDUM", "Office of the Secretary", "Please write on one side only", "No.", "Form 27 B",
    "I have read the conditions of use and agree that my text may be published with its picture,",
    "in whole or in part, under an open licence, and that my name is not printed beside it.",
)  # fmt: skip


def draw_paper(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Makes a blank sheet as it was photographed.

    Returns:
      [height, width], float32, grey levels from 0 to 255.
    """
    paper = np.full((height, width), rng.uniform(175, 255), np.float32)
    if rng.random() < 0.7:
        paper += _clouds(height, width, 4, rng) * rng.uniform(2, 25)
        paper += _clouds(height, width, 40, rng) * rng.uniform(0, 5)
    for _ in range(rng.poisson(0.6)):
        paper -= _stain(height, width, rng)
    if rng.random() < 0.2:
        _darken_edges(paper, rng)
    return paper


def draw_rulings(paper: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> None:
    """Draws a line under each row of writing, over part of the width.

    Args:
      paper: changed in place.
      rows: heights of the lines in pixels.
      rng: decides their look.
    """
    height, width = paper.shape
    sheet = Image.new("L", (width, height))
    pen = ImageDraw.Draw(sheet)
    left, right = rng.uniform(0, 0.12) * width, rng.uniform(0.88, 1) * width
    dash, slope = int(rng.choice([0, 0, 4, 8])), rng.normal(0, 0.002) * width
    for row in rows:
        for start in np.arange(left, right, 2 * dash) if dash else [left]:
            end = start + dash if dash else right
            pen.line((start, row, end, row + slope), 255, int(rng.integers(1, 3)))
    if rng.random() < 0.3:
        margin = rng.uniform(0.05, 0.2) * width
        pen.line((margin, 0, margin + slope, height), 255, 2)
    paper -= np.asarray(sheet, np.float32) / 255 * rng.uniform(25, 140)


def print_header(paper: np.ndarray, bottom: float, rng: np.random.Generator) -> None:
    """Prints some words between the upper edge and a row; they are no handwriting.

    Args:
      paper: changed in place.
      bottom: in pixels.
      rng: decides which words, their size and place.
    """
    height, width = paper.shape
    sheet = Image.new("L", (width, height))
    pen = ImageDraw.Draw(sheet)
    y = rng.uniform(0.01, 0.04) * height
    while y < bottom - 8 and rng.random() < 0.8:
        size = int(rng.integers(9, 22))
        font = _font(min(size, max(int(bottom - y), 8)))
        text = _PRINTED[rng.integers(len(_PRINTED))]
        pen.text((rng.uniform(0.02, 0.6) * width, y), text, 255, font)
        y += 1.6 * size
    paper -= np.asarray(sheet, np.float32) / 255 * rng.uniform(100, 230)


def draw_marks(paper: np.ndarray, rng: np.random.Generator) -> None:
    """Draws what is nobody's line: strokes of a pen, punched holes; changes the paper in place."""
    height, width = paper.shape
    sheet = Image.new("L", (width, height))
    pen = ImageDraw.Draw(sheet)
    for _ in range(rng.poisson(0.8)):
        x, y = rng.uniform(0.05, 0.95) * width, rng.choice([0.03, 0.5, 0.97]) * height
        steps = rng.normal(0, 0.02, (3, 2)).cumsum(axis=0) * width
        pen.line((steps + np.array([x, y])).ravel().tolist(), 255, int(rng.integers(2, 5)))
    for _ in range(rng.poisson(0.5)):
        x, radius = rng.uniform(0.1, 0.9) * width, rng.uniform(0.008, 0.018) * width
        y = rng.uniform(0.02, 0.06) * height
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), 200)
    paper -= np.asarray(sheet, np.float32) / 255 * rng.uniform(80, 200)


def finish(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Photographs a page: blur, grain, and sometimes the whole range of brightness turned down.

    Returns:
      [height, width], uint8.
    """
    noisy = page + rng.normal(0, rng.uniform(0, 6), page.shape)
    picture = Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.9))))


@cache
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _clouds(height: int, width: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    """Returns smooth noise with so many cells a side: [height, width], deviation about 1."""
    coarse = Image.fromarray(rng.normal(0, 1, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def _stain(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    sheet = Image.new("L", (width // 8, height // 8))
    x, y = rng.uniform(0, 1, 2) * sheet.size
    across, down = rng.uniform(0.03, 0.3, 2) * sheet.width
    ImageDraw.Draw(sheet).ellipse((x - across, y - down, x + across, y + down), 255)
    soft = sheet.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 6)))
    large = soft.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(large, np.float32) / 255 * np.float32(rng.uniform(5, 50))


def _darken_edges(paper: np.ndarray, rng: np.random.Generator) -> None:
    """Shows the table around the sheet, at one or two sides."""
    for _ in range(rng.integers(1, 3)):
        side, share = rng.integers(4), rng.uniform(0.01, 0.06)
        rows = paper if side < 2 else paper.T
        depth = max(int(share * len(rows)), 1)
        rows[slice(None, depth) if side % 2 else slice(-depth, None)] = rng.uniform(10, 90)
