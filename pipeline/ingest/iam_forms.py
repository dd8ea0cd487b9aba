"""Reads IAM's forms: the XML with writer, texts and boxes, and the pages for the detector.

Beside `iam.py`, which takes writers and texts from here. The handwritten part of the XML counts;
the printed text above it, the name below it and the rulings carry no lines.
"""

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml  # type: ignore[import-untyped]
import defusedxml.ElementTree  # type: ignore[import-untyped]
import numpy as np

from pipeline.ingest.corpus import clean_text
from pipeline.ingest.iam_files import find_parts, stream_files
from pipeline.ingest.iam_splits import SplitLists, check_writers, read_splits
from pipeline.ingest.images import ImageProblem, read_image
from pipeline.ingest.records import PageLine, PageRecord, Problems
from schema.errors import InputError

SOURCE = "iam"
XML_PART = "xml"
FORMS_PART = "forms*"

PAGE, PARAGRAPH = "page", "paragraph"
REGIONS = (PAGE, PARAGRAPH)
PARAGRAPH_MARGIN = 40  # pixels at IAM's 300 dpi, a third of a line's height

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom are outside."""


@dataclass(frozen=True)
class FormLine:
    """A line of a form; its text is in the XML convention, its box holds all its components."""

    line_id: str
    text: str
    box: Box | None


@dataclass(frozen=True)
class Form:
    """A form: who wrote it, its size in pixels, and its lines from top to bottom."""

    form_id: str
    writer: str
    width: int
    height: int
    lines: tuple[FormLine, ...]


class FormError(Exception):
    """A form that cannot be used."""


def has_forms(folder: Path) -> bool:
    """Tells whether the copy holds the XML files."""
    return bool(find_parts(folder, XML_PART))


def read_forms(folder: Path, problems: Problems) -> dict[str, Form]:
    """Returns the forms of xml/ or xml.tgz by their ids.

    Raises:
      InputError: no XML, or a damaged archive.
    """
    forms: dict[str, Form] = {}
    for file in stream_files(folder, XML_PART, ".xml", problems):
        try:
            form = parse_form(file.read())
            if form.form_id in forms:
                raise FormError("expected each form once, got it again: remove one of the files")
        except FormError as error:
            problems.leave_out(file.where, file.stem, str(error))
        else:
            forms[form.form_id] = form
    return forms


def parse_form(content: bytes) -> Form:
    """Parses the XML of a form; its document type is not looked up, entities are refused.

    Raises:
      FormError: anything else than IAM's form XML.
    """
    try:
        root = defusedxml.ElementTree.fromstring(content)
        lines = tuple(_form_line(line) for line in root.findall("handwritten-part/line"))
        form = Form(
            form_id=root.attrib["id"],
            writer=root.attrib["writer-id"],
            width=int(root.attrib["width"]),
            height=int(root.attrib["height"]),
            lines=lines,
        )
    except defusedxml.DefusedXmlException as error:
        raise FormError(
            f"expected XML without entities of its own, got {type(error).__name__}: "
            "fetch IAM's own file"
        ) from None
    except (ParseError, LookupError, ValueError) as error:
        raise FormError(
            f"expected the XML of an IAM form, got {type(error).__name__} ({error}): "
            "fetch the file again"
        ) from None
    if not lines or len({line.line_id for line in lines}) != len(lines):
        raise FormError(
            f"expected lines with ids of their own, got {len(lines)} lines: fetch the file again"
        )
    return form


def read_iam_pages(
    folder: Path,
    split_scheme: str,
    problems: Problems,
    region: str = PAGE,
    split_lists: Path | None = None,
) -> Iterator[PageRecord]:
    """Yields the forms of a split's lists with the box of each handwritten line.

    Args:
      folder: the user's IAM copy with xml/ or xml.tgz, and forms*/ or forms*.tgz.
      split_scheme: "lwitlrt" or "aachen"; forms in no list are left out.
      problems: takes forms.
      region: "page", or "paragraph" for the handwritten part only, without the printed text and
        the name, which no box covers.
      split_lists: as in `read_splits`.

    Raises:
      InputError: missing parts, or too many problems.
    """
    if region not in REGIONS:
        raise InputError(f"expected one of the regions {', '.join(REGIONS)}, got {region!r}")
    splits = read_splits(folder, split_scheme, split_lists)
    return _stream_pages(folder, splits, region, problems)


def _stream_pages(
    folder: Path, splits: SplitLists, region: str, problems: Problems
) -> Iterator[PageRecord]:
    forms = read_forms(folder, problems)
    named = {problem.sample_id for problem in problems.found}
    for form_id in sorted(splits.forms.keys() - forms.keys() - named):
        problems.leave_out(XML_PART, form_id, "expected the form's XML, got none: add it")
    wanted = sorted(forms.keys() & splits.forms.keys())
    check_writers(((name, forms[name].writer, splits.forms[name]) for name in wanted), splits)
    seen: set[str] = set()
    for file in stream_files(folder, FORMS_PART, ".png", problems):
        if file.stem not in wanted:
            continue
        if file.stem in seen:
            problems.leave_out(file.where, file.stem, "expected each form once: remove this one")
            continue
        seen.add(file.stem)
        form = forms[file.stem]
        try:
            page = _page(form, read_image(file.read(), file.where), splits.forms[file.stem])
        except (ImageProblem, FormError) as error:
            problems.leave_out(file.where, file.stem, str(error))
            continue
        problems.take()
        yield _cut_paragraph(page) if region == PARAGRAPH else page
    for form_id in sorted(set(wanted) - seen):
        problems.leave_out(FORMS_PART, form_id, "expected the form's picture, got none: add it")
    problems.finish()


def _page(form: Form, image: np.ndarray, split: str) -> PageRecord:
    if image.shape != (form.height, form.width):
        raise FormError(
            f"expected {form.width} x {form.height} pixels as in the XML, got {image.shape[1]} x "
            f"{image.shape[0]}: take the picture in its original size"
        )
    lines = []
    for line in form.lines:
        if line.box is None or not _is_inside(line.box, form):
            raise FormError(
                f"expected the box of line {line.line_id} on the page, got {line.box}: "
                "fetch the XML again"
            )
        left, top, right, bottom = line.box
        outline = ((left, top), (right, top), (right, bottom), (left, bottom))
        lines.append(PageLine(line.line_id, outline, text=line.text))
    return PageRecord(form.form_id, image, tuple(lines), SOURCE, split, form.writer)


def _cut_paragraph(page: PageRecord) -> PageRecord:
    xs, ys = zip(*(point for line in page.lines for point in line.polygon), strict=True)
    left, top = (max(0, int(min(values)) - PARAGRAPH_MARGIN) for values in (xs, ys))
    right, bottom = (int(max(values)) + PARAGRAPH_MARGIN for values in (xs, ys))
    lines = tuple(
        PageLine(line.line_id, tuple((x - left, y - top) for x, y in line.polygon), text=line.text)
        for line in page.lines
    )
    image = page.image[top:bottom, left:right].copy()  # not a view that keeps the page alive
    return PageRecord(page.page_id, image, lines, page.source, page.split, page.writer)


def _form_line(line: Element) -> FormLine:
    # The texts are escaped twice: XML's own entities are resolved, HTML's are left in them.
    text = clean_text(html.unescape(line.attrib["text"]))
    return FormLine(line.attrib["id"], text, _union(line.iterfind("word/cmp")))


def _union(components: Iterable[Element]) -> Box | None:
    boxes = []
    for component in components:
        x, y, width, height = (
            int(component.attrib[name]) for name in ("x", "y", "width", "height")
        )
        boxes.append((x, y, x + width, y + height))
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _is_inside(box: Box, form: Form) -> bool:
    left, top, right, bottom = box
    return 0 <= left < right <= form.width and 0 <= top < bottom <= form.height
