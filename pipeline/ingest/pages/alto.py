"""Reads the layout of a page from ALTO XML, versions 2 to 4.

Called by `reader.py`. Source of the format: the Library of Congress, "ALTO: Technical Metadata
for Layout and Text Objects". Namespaces differ by version and are not looked at.
"""

from xml.etree.ElementTree import Element

from pipeline.ingest.corpus import clean_text
from pipeline.ingest.pages import (
    FoundLine,
    PageLayout,
    PageProblem,
    parse_points,
    parse_size,
)
from pipeline.ingest.records import PageLine, Point

ROOT = "alto"

_PIXEL = "pixel"
_LANGUAGE = "language"  # the type of tags that do not say what kind of line it is


def read_alto(root: Element) -> PageLayout:
    """Reads a document that describes one page.

    Args:
      root: the parsed element `alto`.

    Raises:
      PageProblem: no page or several, or coordinates in other units than pixels.
    """
    unit = root.findtext("{*}Description/{*}MeasurementUnit", _PIXEL).strip()
    if unit != _PIXEL:
        raise PageProblem(
            f"expected coordinates in the unit {_PIXEL!r}, got {unit!r}: export them in pixels"
        )
    pages = root.findall("{*}Layout/{*}Page")
    if len(pages) != 1:
        raise PageProblem(
            f"expected one element Page, got {len(pages)}: export a file for each page"
        )
    labels = _line_labels(root)
    name = root.findtext("{*}Description/{*}sourceImageInformation/{*}fileName", "")
    return PageLayout(
        image_name=name.strip(),
        size=parse_size(pages[0].get("WIDTH"), pages[0].get("HEIGHT")),
        lines=tuple(
            _read_line(element, f"line-{number}", labels)
            for number, element in enumerate(pages[0].iter(_namespace(root) + "TextLine"), 1)
        ),
    )


def _namespace(root: Element) -> str:
    """Returns the prefix of every tag: a namespace in braces, or nothing."""
    return root.tag[: -len(ROOT)]


def _line_labels(root: Element) -> dict[str, str]:
    """Returns the label of each tag that may name a kind of line, by tag id."""
    return {
        tag.get("ID", ""): tag.get("LABEL", "")
        for tag in root.iterfind("{*}Tags/*")
        if tag.get("TYPE", "").lower() != _LANGUAGE
    }


def _read_line(element: Element, default_id: str, labels: dict[str, str]) -> FoundLine:
    references = element.get("TAGREFS", "").split()
    line_id = element.get("ID") or default_id
    line_type = next((labels[tag] for tag in references if labels.get(tag)), "")
    text = _text(element)
    try:
        polygon, baseline = _polygon(element), _baseline(element)
    except PageProblem as error:
        return FoundLine(PageLine(line_id, (), (), text, line_type), str(error))
    return FoundLine(PageLine(line_id, polygon, baseline, text, line_type))


def _polygon(element: Element) -> tuple[Point, ...]:
    """Returns the outline of a line: its polygon, or its box where it has none."""
    shape = element.find("{*}Shape/{*}Polygon")
    if shape is not None:
        return parse_points(shape.get("POINTS", ""))
    box = [element.get(key) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    given = [value for value in box if value is not None]
    if len(given) < len(box):
        return ()
    (left, top), (width, height) = parse_points(" ".join(given))
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _baseline(element: Element) -> tuple[Point, ...]:
    """Returns the baseline: points since ALTO 4.2, before it one height for the whole line."""
    text = element.get("BASELINE", "")
    if len(text.replace(",", " ").split()) != 1:
        return parse_points(text)
    points = " ".join([element.get("HPOS", ""), text, element.get("WIDTH", ""), "0"])
    if len(points.split()) != 4:
        return ()
    (left, height), (width, _) = parse_points(points)
    return (left, height), (left + width, height)


def _text(element: Element) -> str:
    """Returns the strings of a line.

    Spaces are where elements SP are; a line without any has one between all its strings, which
    is how the format defines a string.
    """
    parts = []
    gap = "" if element.find("{*}SP") is not None else " "
    for part in element:
        kind = part.tag.rpartition("}")[2] if isinstance(part.tag, str) else ""
        if kind == "String":
            parts += [gap, part.get("CONTENT", "")]
        elif kind == "SP":
            parts.append(" ")
        elif kind == "HYP":
            parts.append(part.get("CONTENT", "-"))
    return clean_text("".join(parts))
