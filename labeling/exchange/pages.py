"""Lines of archive pages in and out: what the formats ALTO and PAGE XML have in common.

`pipeline.ingest.pages` reads both; here a line without a text is no problem but what is wanted.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from labeling.exchange.picture_files import suffix_of
from labeling.exchange.regions import box_of, place_of, png_of
from labeling.exchange.whole_folder import whole_folder
from labeling.items import Item, NewItem
from labeling.pictures import MAX_PIXELS, PictureFolder
from pipeline.ingest.export import file_name
from pipeline.ingest.images import ImageProblem
from pipeline.ingest.pages.cut import cut_line, line_name
from pipeline.ingest.pages.geometry import NO_TEXT
from pipeline.ingest.pages.reader import decode_page
from pipeline.ingest.pages.survey import ALL_TYPES, PageSurvey, survey_pages
from pipeline.ingest.records import Problems
from schema.errors import InputError
from serving.client.readings import Reading

SOURCE = "pages"

Writer = Callable[[list[Reading], str, tuple[int, int]], str]
"""Makes a document of lines, the picture's file name and its width and height."""


class _UntranscribedWanted(Problems):
    """Notes problems where another one does, but for lines that nobody has transcribed yet."""

    def __init__(self, noted: Problems) -> None:
        super().__init__(noted.tolerated_share)
        self._noted = noted

    def leave_out(self, file: str, sample_id: str, reason: str) -> None:
        if reason != NO_TEXT:
            self._noted.leave_out(file, sample_id, reason)


def read_lines(path: Path, problems: Problems) -> Iterator[NewItem]:
    """Yields the lines of the pages of a folder, cut out; those with a text bring it as label.

    Args:
      path: holds XML files, each with its picture beside it.
      problems: takes lines, and notes what cannot be used.

    Raises:
      InputError: no page files, or too many problems.
    """
    wanted = _UntranscribedWanted(problems)
    for survey in survey_pages(path, wanted, ALL_TYPES, MAX_PIXELS):
        yield from _lines_of(survey, problems)
    problems.finish()


def write_pages(items: Iterable[Item], pictures: PictureFolder, path: Path, to_xml: Writer) -> int:
    """Writes a document for each page, and its picture where the store has it; returns the lines.

    Lines that are of no page have no place in these formats; how many there are is told.

    Args:
      items: accepted ones.
      pictures: holds those of pages that were uploaded.
      path: a new or empty folder.
      to_xml: makes the document.

    Raises:
      InputError: no line is of a page.
    """
    pages: dict[str, list[Item]] = {}
    others = 0
    for item in items:
        if item.page and item.place and item.place.get("polygon"):
            pages.setdefault(item.page, []).append(item)
        else:
            others += 1
    if not pages:
        raise InputError(
            f"expected accepted lines of pages, got none and {others:,} others: "
            "label lines of pages first, or export another format"
        )
    with whole_folder(path) as folder:
        names: set[str] = set()
        for page, lines in pages.items():
            _write_page(folder, _unused(file_name(page), names), lines, pictures, to_xml)
    if others:
        sys.stderr.write(f"left out: {others:,} lines that are of no page\n")
    return sum(map(len, pages.values()))


def _lines_of(survey: PageSurvey, problems: Problems) -> Iterator[NewItem]:
    page = decode_page(survey, problems, SOURCE, MAX_PIXELS)
    if page is None:
        return
    for line in page.lines:
        name = line_name(page.page_id, line)
        try:
            picture = png_of(cut_line(page.image, line))
        except ImageProblem as error:
            problems.leave_out(survey.file, line.line_id, str(error))
            continue
        problems.take()
        yield NewItem(
            name=name,
            picture=picture,
            source=SOURCE,
            page=page.page_id,
            place=place_of(line, survey.size, file=survey.image_path.name),
            text=line.text or None,
        )


def _write_page(
    folder: Path, name: str, lines: list[Item], pictures: PictureFolder, to_xml: Writer
) -> None:
    place = lines[0].place or {}
    file = PurePosixPath(place.get("file") or f"{name}.png").name
    kept = place.get("picture")
    target = folder / f"{name}.xml"
    target.parent.mkdir(parents=True, exist_ok=True)
    if kept:
        content = pictures.path(kept).read_bytes()
        file = PurePosixPath(name).name + suffix_of(content)
        (target.parent / file).write_bytes(content)
    width, height = place["size"]
    document = to_xml([_reading(item) for item in lines], file, (width, height))
    target.write_text(document, encoding="utf-8")


def _reading(item: Item) -> Reading:
    place = item.place or {}
    outline = tuple((x, y) for x, y in place["polygon"])
    baseline = tuple((x, y) for x, y in place.get("baseline", ()))
    # A person has said so.
    return Reading(item.text or "", 1.0, (), box_of(place), outline, baseline)


def _unused(name: str, names: set[str]) -> str:
    """Returns a safe path that no page before it has."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..", ".")]
    safe = base = "/".join(parts) or "page"
    number = 1
    while safe.casefold() in names:
        number += 1
        safe = f"{base}-{number}"
    names.add(safe.casefold())
    return safe
