"""What every reader yields: lines and pages as frozen records, and what was wrong with the rest.

Readers are plain Python: they know files and formats, not Beam or TensorFlow.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schema.errors import InputError

PROBLEMS_TOLD = 10

Point = tuple[float, float]
"""x and y in pixels, from the upper left corner."""


@dataclass(frozen=True)
class LineRecord:
    """One line of handwriting with its ground truth.

    Args:
      sample_id: names it within its data set, as in "a01-000u-00".
      image: [height, width], uint8, as photographed (usually dark ink on light paper).
      text: ground truth in Unicode normal form C, not empty.
      source: the data set, as in "iam".
      split: the official split where there is one, else None.
      writer: writer id where there is one, else None.
      page: id of the page that it was cut from, else None.
    """

    sample_id: str
    image: np.ndarray
    text: str
    source: str
    split: str | None = None
    writer: str | None = None
    page: str | None = None


@dataclass(frozen=True)
class PageLine:
    """A line on a page.

    Args:
      line_id: its id in the file.
      polygon: its outline, at least three points.
      baseline: points in the order of the file, empty where it has none.
      text: ground truth, "" where there is none.
      line_type: its tag, as in "DefaultLine:Handwritten", "" where there is none.
    """

    line_id: str
    polygon: tuple[Point, ...]
    baseline: tuple[Point, ...] = ()
    text: str = ""
    line_type: str = ""


@dataclass(frozen=True)
class PageRecord:
    """A page and its lines in reading order.

    Args:
      page_id: names it within its data set.
      image: [height, width], uint8.
      lines: as the file has them.
      source: the data set.
      split: the official split where there is one, else None.
      writer: writer id where there is one, else None.
    """

    page_id: str
    image: np.ndarray
    lines: tuple[PageLine, ...]
    source: str
    split: str | None = None
    writer: str | None = None


@dataclass(frozen=True)
class Problem:
    """A sample that could not be taken: which, in which file, and why."""

    file: str
    sample_id: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.sample_id}" if self.sample_id else self.file
        return f"{where}: {self.reason}"


class Problems:
    """Collects what was wrong, and stops a reader that meets too much of it.

    Args:
      tolerated_share: share of the samples that may be left out, 0..1; 0 stops at the first.
    """

    def __init__(self, tolerated_share: float = 0.01) -> None:
        self.tolerated_share = tolerated_share
        self.found: list[Problem] = []
        self.taken = 0

    def take(self) -> None:
        """Counts a sample that was read."""
        self.taken += 1

    def leave_out(self, file: str, sample_id: str, reason: str) -> None:
        """Notes a sample that was not.

        Args:
          file: where it is.
          sample_id: which, "" for the whole file.
          reason: what was expected and what came.

        Raises:
          InputError: nothing at all is tolerated.
        """
        self.found.append(Problem(file, sample_id, reason))
        if not self.tolerated_share:
            self.finish()

    def finish(self) -> None:
        """Ends the reading.

        Raises:
          InputError: more was left out than is tolerated; the first samples are named.
        """
        total = self.taken + len(self.found)
        if len(self.found) > self.tolerated_share * total:
            named = "; ".join(map(str, self.found[:3]))
            raise InputError(
                f"expected at most {self.tolerated_share:.1%} of {total} samples to be unusable, "
                f"got {len(self.found)}: {named}: mend them, or tolerate more"
            )


def tell_problems(problems: Sequence[Problem]) -> None:
    """Names unusable samples on standard error, the first `PROBLEMS_TOLD`; the rest is counted."""
    for problem in problems[:PROBLEMS_TOLD]:
        sys.stderr.write(f"left out: {problem}\n")
    if len(problems) > PROBLEMS_TOLD:
        sys.stderr.write(f"left out: {len(problems) - PROBLEMS_TOLD} more\n")
