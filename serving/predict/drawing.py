"""Draws over a picture where its lines are and what was read in them."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from serving.client.readings import Reading

_INK = (200, 30, 30)
_PER_SIZE, _LEAST_SIZE = 80, 10  # a letter of the label in a picture's width; pixels


def draw_readings(content: bytes, readings: Sequence[Reading], file: Path) -> None:
    """Draws the box of each line with its number and reading, and writes the picture.

    Args:
      content: the picture, as it was read.
      readings: lines; one without a box gets its label alone.
      file: to write; its ending names the format.
    """
    with Image.open(io.BytesIO(content)) as opened:
        drawn = opened.convert("RGB")
    pen = ImageDraw.Draw(drawn)
    size = max(drawn.width // _PER_SIZE, _LEAST_SIZE)
    font = ImageFont.load_default(size)
    for number, reading in enumerate(readings, 1):
        top, left, bottom, right = reading.box or (0.0, 0.0, float(drawn.height), drawn.width)
        corners = (left, top, max(left, right), max(top, bottom))
        pen.rectangle(corners, outline=_INK, width=max(size // 8, 1))
        at = (left, max(top, size))  # above the line, where there is room
        label = f"{number} {reading.text}"
        pen.text(at, label, _INK, font, "ls", stroke_width=size // 6, stroke_fill="white")
    drawn.save(file)
