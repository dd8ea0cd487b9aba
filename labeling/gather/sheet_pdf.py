"""Prints a sheet to write on as PDF: marks, number, and below each prompt a line to write on."""

import functools
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from labeling.gather import sheet_layout as layout
from schema.errors import InputError

DPI = 200
_PER_MM = DPI / 25.4
_DARK, _PAPER, _GUIDE = 0, 255, round(255 * layout.GUIDE)
_TICK = 3.0  # mm, at the corners of a writing box
_HELP = (
    "Write each text once on the line below it, with a dark pen, as you usually write.",
    "Then photograph the whole sheet from above in even light, with its four marks in sight.",
)


def sheet_to_pdf(number: int, prompts: Sequence[str]) -> bytes:
    """Returns a PDF file of one page.

    Args:
      number: of the sheet, of `NUMBER_BITS` bits.
      prompts: one to `LINES` texts of at most `MOST_CHARACTERS` characters.
    """
    stream = io.BytesIO()
    draw_sheet(number, prompts).save(
        stream, "PDF", resolution=DPI, title=f"Sheet {layout.name_of(number)}", quality=90
    )
    return stream.getvalue()


def draw_sheet(number: int, prompts: Sequence[str]) -> Image.Image:
    """Returns a sheet as a grey picture of `DPI` dots per inch."""
    if not 0 < len(prompts) <= layout.LINES:
        raise InputError(f"expected 1 to {layout.LINES} lines on a sheet, got {len(prompts)}")
    picture = Image.new("L", (_pixels(layout.WIDTH), _pixels(layout.HEIGHT)), _PAPER)
    draw = ImageDraw.Draw(picture)
    for x, y in layout.MARKS:
        for sevenths, shade in ((7, _DARK), (5, _PAPER), (3, _DARK)):
            reach = layout.MARK * sevenths / 14
            _fill(draw, (x - reach, y - reach, x + reach, y + reach), shade)
    for cell, dark in enumerate(layout.number_to_cells(number)):
        if dark:
            _fill(draw, layout.cell_box(cell), _DARK)
    named = f"Sheet {layout.name_of(number)}"
    draw.text(_place(layout.WIDTH / 2, 20), named, _DARK, _font(3.2), anchor="mm")
    for row, text in enumerate(_HELP):
        draw.text(_place(layout.WIDTH / 2, 26 + 5 * row), text, _DARK, _font(3.2), anchor="mm")
    for line, prompt in enumerate(prompts):
        _draw_line(draw, line, prompt)
    return picture


def _draw_line(draw: ImageDraw.ImageDraw, line: int, prompt: str) -> None:
    left, top, right, bottom = layout.writing_box(line)
    draw.text(_place(left, top - 2.5), prompt, _DARK, _font(4.2), anchor="ls")
    baseline = top + layout.BASELINE
    _stroke(draw, (left, baseline, right, baseline))
    for x, inwards in ((left, _TICK), (right, -_TICK)):
        for y, upwards in ((top, _TICK), (bottom, -_TICK)):
            _stroke(draw, (x, y, x + inwards, y))
            _stroke(draw, (x, y, x, y + upwards))


def _fill(draw: ImageDraw.ImageDraw, box: layout.Box, shade: int) -> None:
    left, top, right, bottom = map(_pixels, box)
    draw.rectangle((left, top, right - 1, bottom - 1), fill=shade)


def _stroke(draw: ImageDraw.ImageDraw, ends: layout.Box) -> None:
    draw.line(list(map(_pixels, ends)), fill=_GUIDE, width=2)


def _place(x: float, y: float) -> tuple[int, int]:
    return _pixels(x), _pixels(y)


def _pixels(millimetres: float) -> int:
    return round(millimetres * _PER_MM)


@functools.cache
def _font(millimetres: float) -> ImageFont.FreeTypeFont:
    """Returns a font of an em's height; matplotlib ships one that knows most alphabets."""
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(path), _pixels(millimetres))
