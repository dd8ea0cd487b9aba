"""Cuts a region of a page's picture out as a line, and says where on the page it lies.

Below the readers of formats with regions. What an item's `place` holds is said here once:
`{"polygon": [[x, y], ...], "baseline": [...], "size": [width, height], "picture": "", "file": ""}`,
in pixels of the page's picture.
"""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from labeling.pictures import MAX_PIXELS
from pipeline.ingest.images import read_image
from pipeline.ingest.pages.cut import cut_line
from pipeline.ingest.records import PageLine, Point


def cut_region(
    content: bytes, outline: Sequence[Point], turned: float, name: str
) -> tuple[bytes, dict[str, Any]]:
    """Cuts out a region that is given per cent of the page.

    Args:
      content: the page's picture.
      outline: x and y, each from 0 to 100.
      turned: degrees by which the outline is turned clockwise around its first point.
      name: of the region, for messages.

    Returns:
      the line as PNG, and its place.

    Raises:
      ImageProblem: the picture cannot be read, or nothing of it is within the outline.
    """
    image = read_image(content, name, MAX_PIXELS)
    height, width = image.shape
    scaled = [(x * width / 100, y * height / 100) for x, y in outline]
    line = PageLine(name, tuple(_turn(point, scaled[0], turned) for point in scaled))
    return png_of(cut_line(image, line)), place_of(line, (width, height))


def place_of(
    line: PageLine, size: tuple[int, int], picture: str = "", file: str = ""
) -> dict[str, Any]:
    """Returns the place of a line.

    Args:
      line: on its page.
      size: width and height of the page's picture.
      picture: SHA-256 of the page's picture where the store keeps it, else "".
      file: what the page's picture is called.
    """
    return {
        "polygon": [_rounded(point) for point in line.polygon],
        "baseline": [_rounded(point) for point in line.baseline],
        "size": list(size),
        "picture": picture,
        "file": file,
    }


def box_of(place: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Returns ymin, xmin, ymax, xmax of a place."""
    xs, ys = zip(*place["polygon"], strict=True)
    return min(ys), min(xs), max(ys), max(xs)


def png_of(image: Any) -> bytes:
    """Returns [height, width], uint8, as PNG."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def _turn(point: Point, centre: Point, degrees: float) -> Point:
    """Returns a point turned clockwise; y points downwards."""
    across, down = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = point[0] - centre[0], point[1] - centre[1]
    return centre[0] + x * across - y * down, centre[1] + x * down + y * across


def _rounded(point: Point) -> list[float]:
    return [round(float(value), 1) for value in point]
