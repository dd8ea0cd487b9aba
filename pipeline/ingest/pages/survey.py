"""Looks at pages without decoding their pictures: which lines there are, and what is wrong.

Before `reader.py`, which decodes; planning asks this alone. The XML is not trusted: it may hold
no entities and no document type, and may name no picture outside the folder that it lies in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

import defusedxml  # type: ignore[import-untyped]
import defusedxml.ElementTree  # type: ignore[import-untyped]

from pipeline.ingest.images import MAX_PIXELS, ImageProblem, measure_picture
from pipeline.ingest.pages import FoundLine, PageLayout, PageProblem, alto, page_xml, shorten
from pipeline.ingest.pages.geometry import usable_lines
from pipeline.ingest.records import PageLine, Problems
from schema.errors import InputError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".jp2", ".webp", ".bmp")
"""Endings under which a picture is looked for that the XML does not name, or misnames."""

_PARSERS = {alto.ROOT: alto.read_alto, page_xml.ROOT: page_xml.read_page_xml}
# What exports put beside the pages: it describes a volume and holds no lines.
_NO_PAGES = ("mets", "trpDocMetadata")
_SUBFOLDERS = ("page", "alto")  # where Transkribus puts the XML, below the pictures


@dataclass(frozen=True)
class LineTypes:
    """Which lines are wanted, by their type.

    Args:
      keep: only these types; empty for all.
      skip: not these.

    Raises:
      InputError: a type is in both.
    """

    keep: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if both := self.keep & self.skip:
            raise InputError(
                f"expected line types either to keep or to skip, got {', '.join(sorted(both))} "
                "in both: name each in one of them"
            )

    def wants(self, line_type: str) -> bool:
        """Tells whether lines of a type are wanted."""
        return line_type not in self.skip and (not self.keep or line_type in self.keep)


ALL_TYPES = LineTypes()


@dataclass(frozen=True)
class PageSurvey:
    """A page before its picture is decoded.

    Args:
      page_id: the path of its XML file without the ending.
      file: that path, for messages.
      image_path: its picture.
      size: width and height that the picture must have, in pixels.
      lines: those that can be used, in reading order; a line without a text is for the detector.
    """

    page_id: str
    file: str
    image_path: Path
    size: tuple[int, int]
    lines: tuple[PageLine, ...]


def survey_pages(
    folder: Path,
    problems: Problems,
    line_types: LineTypes = ALL_TYPES,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[PageSurvey]:
    """Yields the pages of a folder and its sub-folders that have usable lines, ordered by path.

    Args:
      folder: as of `read_pages`.
      problems: notes everything that cannot be used, and counts nothing.
      line_types: lines of other types are left out, and are no problem.
      max_pixels: the largest picture that may be decoded later.

    Raises:
      InputError: no page files, or no line of the wanted types.
    """
    types_seen: set[str] = set()
    described: dict[Path, str] = {}  # the file that describes each picture
    for path in _xml_files(folder):
        survey = survey_page(path, folder, problems, line_types, max_pixels, types_seen, described)
        if survey is not None:
            yield survey
    if types_seen and not any(map(line_types.wants, types_seen)):
        raise InputError(
            f"expected lines of the wanted types, got only {_listed(types_seen)} in {folder}: "
            "keep one of these types, or give another folder"
        )


def survey_page(
    path: Path,
    folder: Path,
    problems: Problems,
    line_types: LineTypes,
    max_pixels: int = MAX_PIXELS,
    types_seen: set[str] | None = None,
    described: dict[Path, str] | None = None,
) -> PageSurvey | None:
    """Looks at one page; None where there is nothing to take from it.

    Args:
      path: the XML file.
      folder: that `path` is in.
      problems: as of `survey_pages`.
      line_types: as of `survey_pages`.
      max_pixels: as of `survey_pages`.
      types_seen: collects the types of lines.
      described: collects which file describes each picture, and refuses a second one.
    """
    file = path.relative_to(folder).as_posix()
    wanted: list[FoundLine] = []
    try:
        layout = read_layout(path)
        if layout is None:
            return None
        if types_seen is not None:
            types_seen.update(found.line.line_type for found in layout.lines)
        wanted = [found for found in layout.lines if line_types.wants(found.line.line_type)]
        if not wanted:
            return None
        image_path = _find_image(path, folder, layout.image_name)
        if described is not None:
            _claim(image_path, file, described)
        size = measure_picture(image_path, image_path.name, max_pixels)
        _check_size(layout, size, image_path.name)
    except (PageProblem, ImageProblem) as error:
        # Each line counts: the tolerated share is one of lines.
        for line_id in [found.line.line_id for found in wanted] or [""]:
            problems.leave_out(file, line_id, str(error))
        return None
    lines = tuple(usable_lines(wanted, *size, file, problems))
    page_id = str(PurePosixPath(file).with_suffix(""))
    return PageSurvey(page_id, file, image_path, size, lines) if lines else None


def _xml_files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".xml")
    if not paths:
        raise InputError(
            f"expected a folder with ALTO or PAGE XML files, got none at {folder}: "
            "give the folder that holds them"
        )
    return paths


def read_layout(source: Path | BinaryIO) -> PageLayout | None:
    """Returns what an XML file says of its page, None where it is not about one.

    Args:
      source: the file, or a stream of its content.

    Raises:
      PageProblem: XML that is malformed, unsafe or of another kind, or a page without lines.
    """
    try:
        root: Element = defusedxml.ElementTree.parse(source, forbid_dtd=True).getroot()
    except defusedxml.DefusedXmlException as error:
        raise PageProblem(
            f"expected XML without document type, entities or external references, got "
            f"{type(error).__name__}: remove them from the file"
        ) from None
    except (ParseError, ValueError, LookupError, OSError) as error:
        raise PageProblem(
            f"expected well-formed XML, got {type(error).__name__} ({error}): export it again"
        ) from None
    name = root.tag.rpartition("}")[2]
    if name in _NO_PAGES:
        return None
    if name not in _PARSERS:
        raise PageProblem(
            f"expected a root element {' or '.join(_PARSERS)}, got {shorten(name)}: "
            "export the page as ALTO or PAGE XML, or take the file out of the folder"
        )
    layout = _PARSERS[name](root)
    if not layout.lines:
        raise PageProblem("expected elements TextLine, got none: mark the lines of the page")
    return layout


def _find_image(path: Path, folder: Path, name: str) -> Path:
    """Returns the picture of a page, by the name in its XML file or else by that of the file.

    Raises:
      PageProblem: there is none, or its name leads out of the folder.
    """
    windows = PureWindowsPath(name)  # reads both kinds of separators
    if windows.drive or windows.root or ".." in windows.parts:
        raise PageProblem(
            f"expected the name of a picture beside the XML file, got {shorten(name)!r}, which "
            "leads out of the folder: correct the name in the file"
        )
    places = [path.parent]
    if path.parent.name in _SUBFOLDERS and path.parent != folder:
        places.append(path.parent.parent)
    names = [Path(*windows.parts)] if windows.parts else []
    names += [Path(path.stem + suffix) for suffix in IMAGE_SUFFIXES]
    for place in places:
        for candidate in names:
            if "\0" not in name and (place / candidate).is_file():
                return place / candidate
    raise PageProblem(
        f"expected a picture beside the XML file, got no {shorten(name) or path.stem + '.jpg'}: "
        "put it there"
    )


def _claim(image_path: Path, file: str, described: dict[Path, str]) -> None:
    """Notes which file describes a picture; a page read twice could end up in two splits."""
    other = described.setdefault(image_path, file)
    if other != file:
        raise PageProblem(
            f"expected one file for the picture {image_path.name}, got another one in {other}: "
            "remove one of them"
        )


def _check_size(layout: PageLayout, size: tuple[int, int], name: str) -> None:
    width, height = size
    if layout.size not in (None, size):
        declared = " x ".join(map(str, layout.size or ()))
        raise PageProblem(
            f"expected a picture of {declared} pixels as declared, got {width} x {height} in "
            f"{name}: put the picture there that the lines were marked on"
        )


def _listed(line_types: set[str]) -> str:
    return ", ".join(repr(line_type) for line_type in sorted(line_types))
