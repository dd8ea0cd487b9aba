"""Reads the text lines of the IAM Handwriting Database from the user's own licensed copy.

Beside the other readers, before the ExampleGens. Nothing of IAM comes with this project: the
copy is as IAM's web site gives it, its archives unpacked or not.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TextIO

from pipeline.ingest.iam_files import find_part, stream_files
from pipeline.ingest.iam_forms import SOURCE
from pipeline.ingest.iam_plan import ALL, IamLine, IamPlan, plan_iam_lines
from pipeline.ingest.iam_splits import form_of
from pipeline.ingest.images import ImageProblem, read_image
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.units import LineEntry, Unit, gather_units, read_pictures, to_record

LICENCE = (
    "IAM Handwriting Database: free for non-commercial research to those who register at "
    "https://fki.tic.heia-fr.ch/databases/iam-handwriting-database; do not pass it on. "
    'Publications cite U. Marti and H. Bunke, "The IAM-database: an English sentence database '
    'for offline handwriting recognition", IJDAR 5, 2002, pages 39-46.'
)
LICENCE_SHOWN = "iam-licence-shown"

LINES_PART = "lines"
PICTURE_SUFFIX = ".png"

_TWICE = "expected each line once: remove this one"
_NO_PICTURE = "expected the line's picture, got none"


def show_licence_once(cache: Path, stream: TextIO | None = None) -> bool:
    """Prints the terms of IAM (to standard error) unless this cache folder has seen them."""
    shown = cache / LICENCE_SHOWN
    if shown.exists():
        return False
    (stream or sys.stderr).write(LICENCE + "\n")
    cache.mkdir(parents=True, exist_ok=True)
    shown.write_text(LICENCE + "\n", encoding="utf-8")
    return True


def read_iam_lines(
    folder: Path,
    split_scheme: str,
    transcription: str,
    problems: Problems,
    segmentation: str = ALL,
    split_lists: Path | None = None,
) -> Iterator[LineRecord]:
    """Yields the lines of a split's lists in the order of their pictures.

    Args:
      folder: the copy, with ascii/lines.txt, lines/ or lines.tgz, and xml/ or xml.tgz; with
        ascii/forms.txt instead of the XML if only ASCII texts are wanted.
      split_scheme: "lwitlrt" or "aachen".
      transcription: "ascii" or "xml", see `TRANSCRIPTIONS`.
      problems: takes lines.
      segmentation: "all" or "ok", see `SEGMENTATIONS`.
      split_lists: as in `read_splits`.

    Raises:
      InputError: an unknown choice, missing parts, a writer in two splits, or too many problems.
    """
    plan = plan_iam_lines(folder, split_scheme, transcription, problems, segmentation, split_lists)
    return _read_units(folder, plan_iam_units(folder, plan, problems), problems)


def plan_iam_units(folder: Path, plan: IamPlan, problems: Problems) -> Iterator[Unit]:
    """Yields the planned lines, form by form, without reading pictures.

    An archive can only be read from front to back: it is one unit.

    Raises:
      InputError: neither lines/ nor lines.tgz.
    """
    entries = {line_id: _entry(line) for line_id, line in plan.lines.items()}
    place = find_part(folder, LINES_PART)
    if not place.is_dir():
        yield Unit((place,), tuple(entries.values()))
        return
    found: set[str] = set()
    for _, pictures in groupby(_pictures(folder, entries, found, problems), key=_page_of):
        yield from gather_units(pictures)
    for line_id in entries:
        if line_id not in found:
            problems.leave_out(LINES_PART, line_id, _NO_PICTURE)


def read_iam_unit(folder: Path, unit: Unit, problems: Problems) -> Iterator[LineRecord]:
    """Yields the lines of a unit with their pictures; one line without a picture is a problem."""
    if len(unit.files) == len(unit.lines) and unit.files[0].suffix == PICTURE_SUFFIX:
        yield from read_pictures(folder, unit, SOURCE, problems)
        return
    entries = {entry.sample_id: entry for entry in unit.lines}
    seen: set[str] = set()
    for file in stream_files(folder, LINES_PART, PICTURE_SUFFIX, problems):
        entry = entries.get(file.stem)
        if entry is None:
            continue
        if file.stem in seen:
            problems.leave_out(file.where, file.stem, _TWICE)
            continue
        seen.add(file.stem)
        try:
            image = read_image(file.read(), file.where)
        except ImageProblem as error:
            problems.leave_out(file.where, file.stem, str(error))
            continue
        problems.take()
        yield to_record(entry, image, SOURCE)
    for line_id in entries:
        if line_id not in seen:
            problems.leave_out(LINES_PART, line_id, _NO_PICTURE)


def _read_units(folder: Path, units: Iterable[Unit], problems: Problems) -> Iterator[LineRecord]:
    for unit in units:
        yield from read_iam_unit(folder, unit, problems)
    problems.finish()


def _pictures(
    folder: Path, entries: dict[str, LineEntry], found: set[str], problems: Problems
) -> Iterator[tuple[Path, LineEntry]]:
    """Yields the picture of each entry in the order of their paths, and collects its id."""
    for path in sorted((folder / LINES_PART).rglob(f"*{PICTURE_SUFFIX}")):
        if path.stem in found:
            problems.leave_out(path.relative_to(folder).as_posix(), path.stem, _TWICE)
        elif path.stem in entries:
            found.add(path.stem)
            yield path, entries[path.stem]


def _page_of(pair: tuple[Path, LineEntry]) -> str | None:
    return pair[1].page


def _entry(line: IamLine) -> LineEntry:
    return LineEntry(line.line_id, line.text, line.split, line.writer, form_of(line.line_id))
