"""The sources of real lines under one roof: which reader, with which of its choices.

After the readers, before `record_plan.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.iam import read_iam_lines
from pipeline.ingest.iam_forms import SOURCE as IAM
from pipeline.ingest.line_folder import SOURCE as FOLDER
from pipeline.ingest.line_folder import read_line_folder
from pipeline.ingest.pages.cut import lines_of
from pipeline.ingest.pages.reader import SOURCE as PAGES
from pipeline.ingest.pages.reader import LineTypes, read_pages
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.spans import SOURCE as LABELED
from pipeline.ingest.spans import Span, choose_spans, read_span
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
    "read_records",
]

LATIN_ALPHABET, DATA_ALPHABET = "latin", "data"
"""Alphabets by name: the declared one, or that of the texts."""

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
    alphabet: str = LATIN_ALPHABET
    seed: int = 0

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise InputError(
                f"expected a source of {', '.join(SOURCES)}, got {self.source!r}: choose one"
            )
        if not 0 <= self.tolerated_share < 1:
            raise InputError(
                f"expected 0 <= tolerated_share < 1, got {self.tolerated_share}: correct it"
            )


def read_records(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[LineRecord]:
    """Yields the lines of a source, one picture in memory at a time.

    Raises:
      InputError: the folder is not what the source expects, or too much of it is unusable.
    """
    return SOURCES[options.source](folder, options, problems)


def describe_source(folder: Path, options: RecordOptions) -> str:
    """Names a source with the choices that decide what is read of it."""
    if options.source == LABELED:
        spans = (f"span {span.number} version {span.version}" for span in _spans(folder, options))
        return f"{LABELED}: {', '.join(spans)}"
    choices = {
        IAM: f"split {options.split_scheme}, {options.transcription} texts, "
        f"segmentation {options.segmentation}",
        PAGES: f"line types {options.line_types or 'all'}, "
        f"without {options.skip_line_types or 'none'}",
        FOLDER: "all lines",
    }
    return f"{options.source}: {choices[options.source]}"


def _read_iam(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[LineRecord]:
    return read_iam_lines(
        folder, options.split_scheme, options.transcription, problems, options.segmentation
    )


def _read_pages(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[LineRecord]:
    types = LineTypes(_names(options.line_types), _names(options.skip_line_types))
    for page in read_pages(folder, problems, types):
        yield from lines_of(page)


def _read_spans(folder: Path, options: RecordOptions, problems: Problems) -> Iterator[LineRecord]:
    for span in _spans(folder, options):
        yield from read_span(span, problems)


def _spans(folder: Path, options: RecordOptions) -> list[Span]:
    first, last = (
        None if end == LATEST else end for end in (options.first_span, options.last_span)
    )
    return choose_spans(folder, first, last)


def _read_folder(folder: Path, _: RecordOptions, problems: Problems) -> Iterator[LineRecord]:
    return read_line_folder(folder, problems)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


SOURCES: dict[str, Callable[[Path, RecordOptions, Problems], Iterator[LineRecord]]] = {
    IAM: _read_iam,
    PAGES: _read_pages,
    LABELED: _read_spans,
    FOLDER: _read_folder,
}
