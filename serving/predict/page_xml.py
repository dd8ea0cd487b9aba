"""Writes what was read on a picture as PAGE XML, version 2019-07-15.

Source of the format: Pletschacher and Antonacopoulos, "The PAGE (Page Analysis and Ground-Truth
Elements) Format Framework", 2010, and its schema of 2019.
"""

from collections.abc import Sequence
from datetime import datetime, timezone
from xml.etree.ElementTree import Element

from serving.client.readings import Points, Reading
from serving.predict.xml import (
    SOFTWARE,
    XSI,
    add,
    add_text,
    document,
    pixel_box,
    probability,
)

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_REGION = "region"


def to_page_xml(
    readings: Sequence[Reading],
    file_name: str,
    size: tuple[int, int],
    written: datetime | None = None,
) -> str:
    """Returns a document.

    Args:
      readings: the lines in reading order.
      file_name: of the picture.
      size: its width and height in pixels.
      written: the time that the document tells; now where it is None.
    """
    width, height = size
    root = Element(
        "PcGts",
        {
            "xmlns": NAMESPACE,
            "xmlns:xsi": XSI,
            "xsi:schemaLocation": f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd",
        },
    )
    now = (written or datetime.now(timezone.utc)).replace(microsecond=0).isoformat()
    metadata = add(root, "Metadata")
    add_text(metadata, "Creator", SOFTWARE)
    add_text(metadata, "Created", now)
    add_text(metadata, "LastChange", now)
    page = add(root, "Page", imageFilename=file_name, imageWidth=width, imageHeight=height)
    if readings:
        order = add(add(page, "ReadingOrder"), "OrderedGroup", id="order")
        add(order, "RegionRefIndexed", index=0, regionRef=_REGION)
        region = add(page, "TextRegion", id=_REGION)
        add(region, "Coords", points=_points(0, 0, width, height))
        for number, reading in enumerate(readings, 1):
            _add_line(region, reading, number, size)
    return document(root)


def _add_line(region: Element, reading: Reading, number: int, size: tuple[int, int]) -> None:
    line = add(
        region,
        "TextLine",
        id=f"line-{number}",
        custom=f"readingOrder {{index:{number - 1};}}",
    )
    outline = _whole(reading.outline, size) or _points(*pixel_box(reading, size))
    add(line, "Coords", points=outline)
    if reading.baseline:
        add(line, "Baseline", points=_whole(reading.baseline, size))
    equivalent = add(line, "TextEquiv", conf=probability(reading.confidence))
    add_text(equivalent, "Unicode", reading.text)


def _whole(points: Points, size: tuple[int, int]) -> str:
    """Returns points on the page in whole pixels, as the schema has them."""
    width, height = size
    moved = ((min(max(round(x), 0), width), min(max(round(y), 0), height)) for x, y in points)
    return " ".join(f"{x},{y}" for x, y in moved)


def _points(left: int, top: int, right: int, bottom: int) -> str:
    return f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"
