"""What a box on a page is, and what of a browser's JSON is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.ingest.corpus import clean_text
from pipeline.ingest.records import PageLine
from schema.errors import InputError

MOST = 1000
"""Boxes on a page: a page of a newspaper has fewer lines."""
LEAST_SIDE = 4
"""Pixels."""
_LONGEST = 1000  # characters of a text or a model's name


@dataclass(frozen=True)
class LineBox:
    """A line on a page, in pixels; `right` and `bottom` lie outside.

    Args:
      text: a proposal, "" where there is none.
      model: that read it, "" where a person or a file has it.
    """

    left: int
    top: int
    right: int
    bottom: int
    text: str = ""
    model: str = ""

    def as_line(self, name: str) -> PageLine:
        """Returns the box as a line with an outline."""
        edges = (float(self.left), float(self.top), float(self.right), float(self.bottom))
        left, top, right, bottom = edges
        return PageLine(name, ((left, top), (right, top), (right, bottom), (left, bottom)))


def parse_boxes(told: Any, size: tuple[int, int]) -> list[LineBox]:
    """Returns the boxes of a browser's JSON, in the order of reading.

    Args:
      told: a list of objects with the fields of `LineBox`.
      size: width and height of the page.

    Raises:
      InputError: it is something else, or a box does not lie on the page.
    """
    if not isinstance(told, list) or len(told) > MOST:
        raise InputError(f"expected a list of at most {MOST} lines, got something else: mark fewer")
    return [_parse(box, number, size) for number, box in enumerate(told, start=1)]


def within(
    edges: Sequence[float], size: tuple[int, int], text: str = "", model: str = ""
) -> LineBox | None:
    """Returns left, top, right and bottom as a box moved onto the page; None where none is left."""
    width, height = size
    left, right = (round(min(max(edge, 0), width)) for edge in (edges[0], edges[2]))
    top, bottom = (round(min(max(edge, 0), height)) for edge in (edges[1], edges[3]))
    if right - left < LEAST_SIDE or bottom - top < LEAST_SIDE:
        return None
    return LineBox(left, top, right, bottom, clean_text(text)[:_LONGEST], model)


def _parse(box: Any, number: int, size: tuple[int, int]) -> LineBox:
    box = box if isinstance(box, dict) else {}
    edges: list[Any] = [box.get(edge) for edge in _EDGES]
    if not all(isinstance(edge, int) and not isinstance(edge, bool) for edge in edges):
        raise InputError(
            f"expected {', '.join(_EDGES)} of line {number} in whole pixels, got {edges}: "
            "load the page anew"
        )
    texts = [box.get("text", ""), box.get("model", "")]
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts):
        raise InputError(
            f"expected a text of line {number}, got something else: load the page anew"
        )
    left, top, right, bottom = edges
    if not (0 <= left <= right - LEAST_SIDE and right <= size[0]) or not (
        0 <= top <= bottom - LEAST_SIDE and bottom <= size[1]
    ):
        raise InputError(
            f"expected line {number} on the page of {size[0]} x {size[1]} pixels and at least "
            f"{LEAST_SIDE} pixels wide and high, got {edges}: draw it again"
        )
    return LineBox(left, top, right, bottom, clean_text(texts[0]), texts[1])


_EDGES = ("left", "top", "right", "bottom")
