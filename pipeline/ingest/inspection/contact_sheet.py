"""Sets pictures with captions on one sheet, row by row."""

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pipeline.ingest.inspection import Panel

SHEET_WIDTH = 1600

_MARGIN = 12
_CAPTION_SIZE = 14
_CAPTION_HEIGHT = 22
_PAPER, _INK = (245, 243, 238), (40, 40, 40)
_FONT = Path("mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
"""Comes with matplotlib and has the letters of most alphabets."""


def draw_sheet(panels: Sequence[Panel]) -> Image.Image:
    """Returns the panels from left to right and from top to bottom, each above its caption."""
    rows = _break_into_rows(panels)
    heights = [max(panel.picture.height for panel in row) + _CAPTION_HEIGHT for row in rows]
    height = sum(heights) + _MARGIN * (len(rows) + 1)
    sheet = Image.new("RGB", (SHEET_WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    top = _MARGIN
    for row, row_height in zip(rows, heights, strict=True):
        left = _MARGIN
        for panel in row:
            sheet.paste(panel.picture, (left, top))
            place = left, top + panel.picture.height + 3
            width = _column(panel) - _MARGIN
            draw.text(place, _fit(panel.caption, width), _INK, font=_font())
            left += _column(panel)
        top += row_height + _MARGIN
    return sheet


def _break_into_rows(panels: Sequence[Panel]) -> list[list[Panel]]:
    rows: list[list[Panel]] = []
    left = SHEET_WIDTH
    for panel in panels:
        if left + _column(panel) > SHEET_WIDTH:
            rows.append([])
            left = _MARGIN
        rows[-1].append(panel)
        left += _column(panel)
    return rows


def _column(panel: Panel) -> int:
    """Returns how wide a panel is with its margin: a half or a third of the sheet, or all of it."""
    usable = SHEET_WIDTH - _MARGIN
    for share in (3, 2):
        if panel.picture.width + _MARGIN <= usable // share:
            return usable // share
    return usable


def _fit(text: str, width: int) -> str:
    """Returns as much of a text as fits into so many pixels."""
    if _font().getlength(text) <= width:
        return text
    while text and _font().getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    spec = importlib.util.find_spec("matplotlib")
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        if (Path(folder) / _FONT).is_file():
            return ImageFont.truetype(str(Path(folder) / _FONT), _CAPTION_SIZE)
    return ImageFont.load_default(_CAPTION_SIZE)
