"""What the XML formats have in common: plain numbers, allowed characters, whole documents."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from serving.client.readings import Reading

XSI = "http://www.w3.org/2001/XMLSchema-instance"
SOFTWARE = "handwriting-pipeline"

# XML 1.0 has no way to write these, and UTF-8 none for halves of surrogate pairs.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


def add(parent: Element, tag: str, **attributes: object) -> Element:
    """Adds an element; attributes that are None are left out."""
    given = {name: clean(str(value)) for name, value in attributes.items() if value is not None}
    return SubElement(parent, tag, given)


def add_text(parent: Element, tag: str, text: str) -> None:
    """Adds an element that holds text."""
    SubElement(parent, tag).text = clean(text)


def clean(text: str) -> str:
    """Returns text with a replacement character for what XML cannot hold."""
    return _NOT_IN_XML.sub(_REPLACEMENT, text)


def document(root: Element) -> str:
    """Returns a whole document."""
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def pixel_box(reading: Reading, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Returns left, top, right and bottom of a line as whole pixels within its picture.

    Args:
      reading: a line; one without a box is the whole picture.
      size: width and height of the picture.
    """
    width, height = size
    top, left, bottom, right = reading.box or (0.0, 0.0, float(height), float(width))
    x0, y0 = min(max(round(left), 0), width - 1), min(max(round(top), 0), height - 1)
    # At least a pixel: a box without area is no outline.
    return x0, y0, max(min(round(right), width), x0 + 1), max(min(round(bottom), height), y0 + 1)


def probability(value: float) -> str:
    """Returns a probability within its bounds; single precision may step over them."""
    return f"{min(max(0.0, value), 1.0):.4f}"
