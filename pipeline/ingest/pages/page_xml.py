"""Reads the layout of a page from PAGE XML, versions 2013 to 2019.

Called by `reader.py`. Source of the format: Pletschacher and Antonacopoulos, "The PAGE (Page
Analysis and Ground-Truth Elements) Format Framework", 2010. Namespaces differ by version and
are not looked at.
"""

import re
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

ROOT = "PcGts"

_LINE_TYPE = re.compile(r"\bstructure\s*\{[^}]*?\btype:\s*([^;}]*)")
_LINE_INDEX = re.compile(r"\breadingOrder\s*\{[^}]*?\bindex:\s*(\d{1,9})\b")


def read_page_xml(root: Element) -> PageLayout:
    """Reads a document.

    Args:
      root: the parsed element `PcGts`.

    Raises:
      PageProblem: no page or several.
    """
    pages = root.findall("{*}Page")
    if len(pages) != 1:
        raise PageProblem(
            f"expected one element Page, got {len(pages)}: export a file for each page"
        )
    lines = [
        line
        for region in _regions_in_order(pages[0], _namespace(root))
        for line in _lines_in_order(region)
    ]
    return PageLayout(
        image_name=pages[0].get("imageFilename", "").strip(),
        size=parse_size(pages[0].get("imageWidth"), pages[0].get("imageHeight")),
        lines=tuple(_read_line(line, f"line-{number}") for number, line in enumerate(lines, 1)),
    )


def _namespace(root: Element) -> str:
    """Returns the prefix of every tag: a namespace in braces, or nothing."""
    return root.tag[: -len(ROOT)]


def _regions_in_order(page: Element, namespace: str) -> list[Element]:
    """Returns the text regions: those of the reading order first, the others as they stand."""
    order = page.find("{*}ReadingOrder")
    ranks: dict[str, int] = {}
    if order is not None:
        for group in list(order.iter()):
            group[:] = sorted(group, key=lambda child: _number(child.get("index")))
        for reference in order.iter():
            ranks.setdefault(reference.get("regionRef", ""), len(ranks))
    regions = list(page.iter(namespace + "TextRegion"))
    return sorted(regions, key=lambda region: ranks.get(region.get("id", ""), len(ranks)))


def _lines_in_order(region: Element) -> list[Element]:
    """Returns the region's own lines, by their index where every one of them has it."""
    lines = region.findall("{*}TextLine")
    indices = [_LINE_INDEX.search(line.get("custom", "")) for line in lines]
    ranked = [(int(match[1]), line) for match, line in zip(indices, lines, strict=True) if match]
    if len(ranked) < len(lines):
        return lines
    return [line for _, line in sorted(ranked, key=lambda pair: pair[0])]


def _read_line(element: Element, default_id: str) -> FoundLine:
    line_id = element.get("id") or default_id
    structure = _LINE_TYPE.search(element.get("custom", ""))
    line_type = structure[1].strip() if structure else ""
    text = clean_text(_text(element))
    try:
        polygon, baseline = _points(element, "Coords"), _points(element, "Baseline")
    except PageProblem as error:
        return FoundLine(PageLine(line_id, (), (), text, line_type), str(error))
    return FoundLine(PageLine(line_id, polygon, baseline, text, line_type))


def _points(element: Element, kind: str) -> tuple[Point, ...]:
    child = element.find("{*}" + kind)
    return () if child is None else parse_points(child.get("points", ""))


def _text(element: Element) -> str:
    """Returns the line's best reading, or those of its words where it has none of its own."""
    reading = _best_reading(element)
    if reading is not None:
        return reading
    return " ".join(_best_reading(word) or "" for word in element.findall("{*}Word"))


def _best_reading(element: Element) -> str | None:
    readings = element.findall("{*}TextEquiv")
    if not readings:
        return None
    best = min(readings, key=lambda reading: _number(reading.get("index")))
    return best.findtext("{*}Unicode", "")


def _number(text: str | None) -> int:
    """Returns an index, 0 where there is none: it counts as the first."""
    try:
        return int(text or 0)
    except ValueError:
        return 0
