"""Writes what was read on a picture as ALTO XML, version 4.

Source of the format: the Library of Congress, "ALTO: Technical Metadata for Layout and Text
Objects". A line is one `String`, as the recogniser knows where a line is and not where its words
are: `WC` is the line's confidence, and `CC` that of each character from 0 (sure) to 9.
"""

from collections.abc import Sequence
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

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-2.xsd"
_LEAST_SURE = 9


def to_alto(
    readings: Sequence[Reading], file_name: str, size: tuple[int, int], page: int = 1
) -> str:
    """Returns a document.

    Args:
      readings: the lines in reading order.
      file_name: of the picture.
      size: its width and height in pixels.
      page: its number.
    """
    width, height = size
    root = Element(
        "alto",
        {"xmlns": NAMESPACE, "xmlns:xsi": XSI, "xsi:schemaLocation": f"{NAMESPACE} {_SCHEMA}"},
    )
    description = add(root, "Description")
    add_text(description, "MeasurementUnit", "pixel")
    add_text(add(description, "sourceImageInformation"), "fileName", file_name)
    processing = add(description, "Processing", ID="reading")
    add_text(add(processing, "processingSoftware"), "softwareName", SOFTWARE)
    sheet = add(
        add(root, "Layout"), "Page", ID="page", PHYSICAL_IMG_NR=page, WIDTH=width, HEIGHT=height
    )
    space = add(sheet, "PrintSpace", HPOS=0, VPOS=0, WIDTH=width, HEIGHT=height)
    if readings:
        block = add(space, "TextBlock", ID="block", HPOS=0, VPOS=0, WIDTH=width, HEIGHT=height)
        for number, reading in enumerate(readings, 1):
            _add_line(block, reading, number, size)
    return document(root)


def _add_line(block: Element, reading: Reading, number: int, size: tuple[int, int]) -> None:
    left, top, right, bottom = pixel_box(reading, size)
    box = {"HPOS": left, "VPOS": top, "WIDTH": right - left, "HEIGHT": bottom - top}
    baseline = _points(reading.baseline) or None
    line = add(block, "TextLine", ID=f"line-{number}", **box, BASELINE=baseline)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    add(add(line, "Shape"), "Polygon", POINTS=_points(reading.outline or corners))
    add(
        line,
        "String",
        ID=f"string-{number}",
        **box,
        CONTENT=reading.text,
        WC=probability(reading.confidence),
        CC=_character_levels(reading),
    )


def _points(points: Points) -> str:
    return " ".join(f"{x:g} {y:g}" for x, y in points)


def _character_levels(reading: Reading) -> str | None:
    levels = [
        round((1 - min(max(sure, 0.0), 1.0)) * _LEAST_SURE)
        for sure in reading.character_confidences
    ]
    return " ".join(map(str, levels)) or None
