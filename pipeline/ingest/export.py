"""Writes the lines of any source of real lines as a folder that kraken and Calamari train on."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from pipeline.ingest.inspection.recognise import recognise
from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.record_sources import SOURCES, RecordOptions, read_records
from pipeline.ingest.records import LineRecord, Problem, Problems
from schema.errors import InputError

_UNSAFE = re.compile(r"[^\w./-]")
_HIDDEN = re.compile(r"(^|/)\.+")


def export_lines(path: Path, target: Path) -> tuple[int, list[Problem]]:
    """Writes the lines of a source.

    Args:
      path: the source, of any kind that has pictures of lines or pages.
      target: a folder that is new or empty.

    Returns:
      how many lines were written, and what was left out.

    Raises:
      InputError: a source of glyphs, too much that is unusable, or a folder that is in use.
    """
    kind, place = recognise(path)
    if kind not in SOURCES:
        raise InputError(
            f"expected a source of real lines, got {kind} at {path}, whose lines are made when "
            "they are trained on: give another folder"
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(
            f"expected a new or empty folder, got another one at {target}: give another"
        )
    problems = Problems(tolerated_share=1.0)
    records = read_records(place, RecordOptions(kind), problems)
    shown = tqdm(records, desc=f"exporting {kind}", unit="line", disable=None)
    return write_line_folder(_named(shown), target), problems.found


def _named(records: Iterator[LineRecord]) -> Iterator[LineRecord]:
    """Yields the lines under names that a folder can have."""
    for record in records:
        yield replace(record, sample_id=file_name(record.sample_id))


def file_name(sample_id: str) -> str:
    """Returns an id with an underscore for whatever stands out in a file's name."""
    return _HIDDEN.sub(r"\1_", _UNSAFE.sub("_", sample_id))
