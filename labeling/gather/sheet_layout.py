"""Where everything lies on a sheet to write on, in millimetres from its upper left corner.

What `sheet_pdf.py` prints and `sheet_photo.py` finds again. The sheet is A4; its corners carry
marks of a ring and a dot, and its upper edge a strip of cells with the sheet's number.
"""

import binascii

Box = tuple[float, float, float, float]
"""left, top, right, bottom, in mm."""

WIDTH, HEIGHT = 210.0, 297.0

MARK = 12.0
"""Side of a mark: a dark square ring of a seventh, light of a seventh, and a dark dot of three."""

_EDGE = 10.0  # between the paper's edge and a mark; printers leave less white
MARKS = (
    (_EDGE + MARK / 2, _EDGE + MARK / 2),
    (WIDTH - _EDGE - MARK / 2, _EDGE + MARK / 2),
    (WIDTH - _EDGE - MARK / 2, HEIGHT - _EDGE - MARK / 2),
    (_EDGE + MARK / 2, HEIGHT - _EDGE - MARK / 2),
)
"""The marks' middles, clockwise from the upper left, x and y."""

NUMBER_BITS, _CHECK_BITS = 24, 16
CELLS = NUMBER_BITS + _CHECK_BITS
CELL = 3.5
_STRIP_LEFT, _STRIP_TOP = (WIDTH - CELLS * CELL) / 2, 12.0

LINES = 9
"""Lines on a sheet."""
MOST_CHARACTERS = 38
"""In a prompt: more do not fit into the width of a sheet in large handwriting."""

PITCH = 26.0
FIRST_TOP = 44.0  # of the first writing box
BOX_HEIGHT = 15.0
BASELINE = 10.5
"""From the top of a writing box to the line to write on."""
_SIDE = 14.0

GUIDE = 0.80
"""Brightness of the lines to write on: whatever in a photograph is lighter counts as paper."""


def writing_box(number: int) -> Box:
    """Returns the box of a line, from 0."""
    top = FIRST_TOP + number * PITCH
    return _SIDE, top, WIDTH - _SIDE, top + BOX_HEIGHT


def cell_box(number: int) -> Box:
    """Returns the box of a cell of the strip, from 0."""
    left = _STRIP_LEFT + number * CELL
    return left, _STRIP_TOP, left + CELL, _STRIP_TOP + CELL


def number_to_cells(number: int) -> tuple[bool, ...]:
    """Returns which cells are dark; the inverse of `cells_to_number`.

    Args:
      number: of the sheet, of `NUMBER_BITS` bits.
    """
    content = number.to_bytes(NUMBER_BITS // 8, "big")
    value = number << _CHECK_BITS | binascii.crc_hqx(content, 0xFFFF)
    return tuple(bool(value >> place & 1) for place in reversed(range(CELLS)))


def cells_to_number(cells: tuple[bool, ...]) -> int | None:
    """Returns the number that cells tell; None where they fail their check."""
    number = sum(dark << place for place, dark in enumerate(reversed(cells[:NUMBER_BITS])))
    return number if number_to_cells(number) == cells else None


def name_of(number: int) -> str:
    """Returns how a sheet is called for people, as in "3F-A0-19"."""
    return number.to_bytes(NUMBER_BITS // 8, "big").hex("-").upper()
