"""The sources of real lines under one roof: which reader, with which of its choices.

After the readers, before `record_plan.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.iam import plan_iam_units, read_iam_unit
from pipeline.ingest.iam_forms import SOURCE as IAM
from pipeline.ingest.iam_plan import plan_iam_lines
from pipeline.ingest.line_folder import SOURCE as FOLDER
from pipeline.ingest.line_folder import plan_line_folder
from pipeline.ingest.pages.cut import line_name, lines_of
from pipeline.ingest.pages.reader import SOURCE as PAGES
from pipeline.ingest.pages.reader import decode_page
from pipeline.ingest.pages.survey import LineTypes, survey_page, survey_pages
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.spans import SOURCE as LABELED
from pipeline.ingest.spans import Span, choose_spans, describe_span, plan_span
from pipeline.ingest.units import LineEntry, Unit, read_pictures
from schema.errors import InputError

__all__ = [
    "DATA_ALPHABET",
    "FOLDER",
    "IAM",
    "LABELED",
    "LATEST",
    "LATIN_ALPHABET",
    "PAGES",
    "SOURCES",
    "RecordOptions",
    "describe_source",
    "plan_units",
    "read_records",
    "read_unit",
]

LATIN_ALPHABET, DATA_ALPHABET = "latin", "data"
"""Alphabets by name: the declared one, or that of the texts."""

DROP_SHARED, KEEP_SHARED = "drop", "keep"
"""What becomes of training lines whose sentence is in another split as well."""

LEAVE_OUT_UNKNOWN, MARK_UNKNOWN = "leave_out", "mark"
"""What becomes of lines with characters outside the alphabet."""

LATEST = -1
"""Neither end of a range of spans: the latest span."""


@dataclass(frozen=True)
class RecordOptions:
    """How a source of real lines is read.

    Args:
      source: one of `SOURCES`.
      line_types: pages: types of lines to keep, separated by commas; "" keeps all.
      skip_line_types: pages: types of lines to skip.
      split_scheme: iam: "lwitlrt" (the official large writer-independent task) or "aachen".
      transcription: iam: "ascii" or "xml".
      segmentation: iam: "all" or "ok".
      first_span, last_span: labeled: the range of spans; `LATEST` leaves an end open.
      tolerated_share: share of the lines that may be unusable before the run stops, 0..1.
      shared_texts: `DROP_SHARED` leaves out lines for training whose sentence validation or test
        has, `KEEP_SHARED` does not.
      unknown: `LEAVE_OUT_UNKNOWN` leaves lines with characters outside the alphabet out;
        `MARK_UNKNOWN` takes them, each such character as the alphabet's own symbol for it.
      alphabet: `LATIN_ALPHABET`, `DATA_ALPHABET`, or the path of an alphabet file.
      seed: decides which pages, writers or lines go to which split, where none is official.
    """

    source: str
    line_types: str = ""
    skip_line_types: str = ""
    split_scheme: str = "lwitlrt"
    transcription: str = "xml"
    segmentation: str = "all"
    first_span: int = LATEST
    last_span: int = LATEST
    tolerated_share: float = 0.01
    shared_texts: str = DROP_SHARED
    unknown: str = LEAVE_OUT_UNKNOWN
    alphabet: str = LATIN_ALPHABET
    seed: int = 0

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise InputError(
                f"expected a source of {', '.join(SOURCES)}, got {self.source!r}: choose one"
            )
        if self.shared_texts not in (DROP_SHARED, KEEP_SHARED):
            raise InputError(
                f"expected shared_texts to be {DROP_SHARED} or {KEEP_SHARED}, got "
                f"{self.shared_texts!r}: choose one"
            )
        if self.unknown not in (LEAVE_OUT_UNKNOWN, MARK_UNKNOWN):
            raise InputError(
                f"expected unknown to be {LEAVE_OUT_UNKNOWN} or {MARK_UNKNOWN}, got "
                f"{self.unknown!r}: choose one"
            )
        if not 0 <= self.tolerated_share < 1:
            raise InputError(
                f"expected 0 <= tolerated_share < 1, got {self.tolerated_share}: correct it"
            )


@dataclass(frozen=True)
class Source:
    """How a source is read.

    Args:
      plan: yields its units without reading pictures, and notes problems.
      read: yields the lines of a unit with their pictures; any worker can.
    """

    plan: Callable[[Path, RecordOptions, Problems], Iterator[Unit]]
    read: Callable[[Path, Unit, RecordOptions, Problems], Iterator[LineRecord]]


def plan_units(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[Unit]:
    """Yields the units of a source without reading pictures.

    Raises:
      InputError: the folder is not what the source expects.
    """
    return SOURCES[options.source].plan(folder, options, problems)


def read_unit(
    folder: Path, unit: Unit, options: RecordOptions, problems: Problems
) -> Iterator[LineRecord]:
    """Yields the lines of a unit, one picture or page in memory at a time."""
    return SOURCES[options.source].read(folder, unit, options, problems)


def read_records(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[LineRecord]:
    """Yields the lines of a source, one picture or page in memory at a time.

    Raises:
      InputError: the folder is not what the source expects, or too much of it is unusable.
    """
    for unit in plan_units(folder, options, problems):
        yield from read_unit(folder, unit, options, problems)
    problems.finish()


def describe_source(folder: Path, options: RecordOptions) -> str:
    """Names a source with the choices that decide what is read of it."""
    if options.source == LABELED:
        return f"{LABELED}: {', '.join(map(describe_span, _spans(folder, options)))}"
    choices = {
        IAM: f"split {options.split_scheme}, {options.transcription} texts, "
        f"segmentation {options.segmentation}",
        PAGES: f"line types {options.line_types or 'all'}, "
        f"without {options.skip_line_types or 'none'}",
        FOLDER: "all lines",
    }
    return f"{options.source}: {choices[options.source]}"


def _plan_iam(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[Unit]:
    plan = plan_iam_lines(
        folder, options.split_scheme, options.transcription, problems, options.segmentation
    )
    return plan_iam_units(folder, plan, problems)


def _read_iam(
    folder: Path, unit: Unit, _: RecordOptions, problems: Problems
) -> Iterator[LineRecord]:
    return read_iam_unit(folder, unit, problems)


def _plan_pages(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[Unit]:
    for survey in survey_pages(folder, problems, _line_types(options)):
        entries = tuple(
            LineEntry(line_name(survey.page_id, line), line.text, page=survey.page_id)
            for line in survey.lines
            if line.text
        )
        yield Unit((folder / survey.file,), entries, (survey.image_path,))


def _read_page(
    folder: Path, unit: Unit, options: RecordOptions, problems: Problems
) -> Iterator[LineRecord]:
    [path] = unit.files
    unseen = Problems(tolerated_share=1.0)  # planning has noted what the XML tells
    survey = survey_page(path, folder, unseen, _line_types(options))
    page = None if survey is None else decode_page(survey, problems)
    return iter(()) if page is None else lines_of(page, problems)


def _line_types(options: RecordOptions) -> LineTypes:
    return LineTypes(_names(options.line_types), _names(options.skip_line_types))


def _plan_spans(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[Unit]:
    for span in _spans(folder, options):
        yield from plan_span(span, problems)


def _read_span(
    folder: Path, unit: Unit, _: RecordOptions, problems: Problems
) -> Iterator[LineRecord]:
    return read_pictures(folder, unit, LABELED, problems)


def _spans(folder: Path, options: RecordOptions) -> list[Span]:
    first, last = (
        None if end == LATEST else end for end in (options.first_span, options.last_span)
    )
    return choose_spans(folder, first, last)


def _plan_folder(folder: Path, _: RecordOptions, problems: Problems) -> Iterator[Unit]:
    return plan_line_folder(folder, problems)


def _read_folder(
    folder: Path, unit: Unit, _: RecordOptions, problems: Problems
) -> Iterator[LineRecord]:
    return read_pictures(folder, unit, FOLDER, problems)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


SOURCES: dict[str, Source] = {
    IAM: Source(_plan_iam, _read_iam),
    PAGES: Source(_plan_pages, _read_page),
    LABELED: Source(_plan_spans, _read_span),
    FOLDER: Source(_plan_folder, _read_folder),
}
