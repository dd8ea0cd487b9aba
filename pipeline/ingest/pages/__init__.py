"""Archive pages: ALTO and PAGE XML with their pictures become page records and line records.

`reader.py` walks a folder and asks `alto.py` or `page_xml.py` for the layout of each page;
`cut.py` cuts the lines out of its picture. Here is what both formats have in common.
"""

import math
from dataclasses import dataclass

from pipeline.ingest.records import PageLine, Point


class PageProblem(Exception):  # noqa: N818, the word of `Problems`
    """A page or line that cannot be used: what was expected, what came, and the remedy."""


@dataclass(frozen=True)
class FoundLine:
    """A line of a layout; `fault` says what is wrong with its geometry, "" if it could be read."""

    line: PageLine
    fault: str = ""


@dataclass(frozen=True)
class PageLayout:
    """What an XML file says of its page.

    Args:
      image_name: the picture as the file names it, "" where it does not.
      size: declared width and height in pixels, None where the file does not say.
      lines: in reading order.
    """

    image_name: str
    size: tuple[int, int] | None
    lines: tuple[FoundLine, ...]


def parse_points(text: str) -> tuple[Point, ...]:
    """Reads "x,y x,y" or "x y x y".

    Raises:
      PageProblem: something else than pairs of finite numbers.
    """
    try:
        numbers = [float(field) for field in text.replace(",", " ").split()]
    except ValueError:
        numbers = [math.nan]
    if len(numbers) % 2 or not all(map(math.isfinite, numbers)):
        raise PageProblem(
            f"expected points as pairs of numbers, got {shorten(text)!r}: mend them in the file"
        )
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def parse_size(width: str | None, height: str | None) -> tuple[int, int] | None:
    """Reads a page's declared size, None where it has none.

    Raises:
      PageProblem: something else than two positive whole numbers.
    """
    if width is None or height is None:
        return None
    try:
        size = round(float(width)), round(float(height))
    except (ValueError, OverflowError):
        size = 0, 0
    if min(size) < 1:
        raise PageProblem(
            f"expected the page's width and height in pixels, got {shorten(width)!r} and "
            f"{shorten(height)!r}: mend them in the file"
        )
    return size


def shorten(text: str, limit: int = 40) -> str:
    """Returns text that fits into a message."""
    return text if len(text) <= limit else text[: limit - 3] + "..."
