"""What planning tells of a source without looking at pictures: entries, in units of work.

Between the readers and `record_plan.py`. A Beam worker reads one unit at a time: a page, the lines
of a form, a handful of lines of a folder.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.ingest.images import ImageProblem, read_image
from pipeline.ingest.records import LineRecord, Problems

UNIT_LINES = 32
"""Lines in a unit of a source that has neither pages nor forms."""


@dataclass(frozen=True)
class LineEntry:
    """A line before its picture is read; the fields are those of `LineRecord`."""

    sample_id: str
    text: str
    split: str | None = None
    writer: str | None = None
    page: str | None = None


@dataclass(frozen=True)
class Unit:
    """Lines that are read in one go.

    Args:
      files: where they are: one picture for each line in their order, or one file that holds all.
      lines: in the order in which they are read.
      besides: other files that are read for them.
    """

    files: tuple[Path, ...]
    lines: tuple[LineEntry, ...]
    besides: tuple[Path, ...] = ()

    def select(self, kept: Sequence[int]) -> "Unit":
        """Returns the unit with some of its lines, by their numbers."""
        one_each = len(self.files) == len(self.lines) > 1
        files = tuple(self.files[number] for number in kept) if one_each else self.files
        return replace(self, files=files, lines=tuple(self.lines[number] for number in kept))

    def moved(self, old: Path, new: Path) -> "Unit":
        """Returns the unit with its files in another folder that holds the same."""
        files, besides = (
            tuple(new / path.relative_to(old) for path in paths)
            for paths in (self.files, self.besides)
        )
        return replace(self, files=files, besides=besides)


def gather_units(found: Iterable[tuple[Path, LineEntry]], size: int = UNIT_LINES) -> Iterator[Unit]:
    """Gathers lines with a picture each into units of at most `size`."""
    rest = iter(found)
    while pairs := list(islice(rest, size)):
        files, lines = zip(*pairs, strict=True)
        yield Unit(files, lines)


def read_pictures(
    folder: Path, unit: Unit, source: str, problems: Problems
) -> Iterator[LineRecord]:
    """Yields the lines of a unit that has a picture for each.

    Args:
      folder: of the source, for messages.
      unit: from `gather_units`.
      source: name of the data set.
      problems: takes lines.
    """
    for path, entry in zip(unit.files, unit.lines, strict=True):
        try:
            image = read_image(path, path.name)
        except ImageProblem as error:
            problems.leave_out(path.relative_to(folder).as_posix(), entry.sample_id, str(error))
            continue
        problems.take()
        yield to_record(entry, image, source)


def to_record(entry: LineEntry, image: np.ndarray, source: str) -> LineRecord:
    """Returns an entry with its picture, uint8 [height, width]."""
    return LineRecord(
        sample_id=entry.sample_id,
        image=image,
        text=entry.text,
        source=source,
        split=entry.split,
        writer=entry.writer,
        page=entry.page,
    )
