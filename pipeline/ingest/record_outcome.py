"""Settles which of the lines that were read are taken: no picture twice, not too much unusable.

After the workers have read all units of a plan, before the examples are written.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.record_plan import RecordPlan, check_splits
from pipeline.ingest.record_spool import SpooledLine, UnitReport
from pipeline.ingest.records import Problem, Problems
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

_FIRST_CHOICE = (TEST, VALIDATION, TRAIN)
"""Of a picture that is in several splits, the copy in the first of these stays."""


@dataclass(frozen=True)
class RecordOutcome:
    """What is taken of a source.

    Args:
      dropped: ids of the lines whose picture is there already.
      lines: split -> lines that are taken.
      characters: split -> characters of their texts.
      duplicates_dropped: split -> lines among `dropped`.
      problems: lines whose picture could not be read, and why.
    """

    dropped: frozenset[str]
    lines: dict[str, int]
    characters: dict[str, int]
    duplicates_dropped: dict[str, int]
    problems: tuple[Problem, ...]


def settle_records(
    plan: RecordPlan, reports: Iterable[UnitReport], tolerated_share: float, folder: Path
) -> RecordOutcome:
    """Decides what is taken.

    Args:
      plan: what was to be read.
      reports: of its units.
      tolerated_share: as in `RecordOptions`, of the plan's problems and the pictures' together.
      folder: named in messages.

    Raises:
      InputError: too much is unusable, or a split has no line left.
    """
    lines: list[SpooledLine] = []
    broken: list[Problem] = []
    for report in reports:
        lines += report.lines
        broken += report.problems
    problems = Problems(tolerated_share)
    problems.taken = len(lines)
    problems.found = [*plan.problems, *broken]
    problems.finish()
    dropped = find_duplicates(lines)
    taken = [line for line in lines if line.sample_id not in dropped]
    check_splits((line.split for line in taken), folder)
    left, right = (Counter(line.split for line in some) for some in (lines, taken))
    return RecordOutcome(
        dropped=dropped,
        lines={split: right[split] for split in SPLITS},
        characters={
            split: sum(line.characters for line in taken if line.split == split) for split in SPLITS
        },
        duplicates_dropped={split: left[split] - right[split] for split in SPLITS},
        problems=tuple(broken),
    )


def find_duplicates(lines: Iterable[SpooledLine]) -> frozenset[str]:
    """Returns the ids of lines whose picture another line has, which is needed more or is first."""
    chosen: dict[int, str] = {}
    dropped = set()
    for line in sorted(lines, key=lambda line: _FIRST_CHOICE.index(line.split)):
        if chosen.setdefault(line.picture, line.sample_id) != line.sample_id:
            dropped.add(line.sample_id)
    return frozenset(dropped)
