"""Holds the boxes that were found on a page against those that are there.

One way to count for validation, the gate, the report and the benchmark. A line counts as found
when its box and a box found overlap by `LEAST_IOU`; each box is matched once, so that as many as
can be are matched (as in the evaluation of Pascal VOC, Everingham et al., 2010, but without an
order of confidences). Boxes on lines that are not to be judged are left out.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

LEAST_IOU = 0.5
"""Intersection over union from which a box counts as the line's."""

_IGNORED_SHARE = 0.5  # of an unmatched box; with more of it on an ignored line it is not judged


@dataclass(frozen=True)
class Matching:
    """What came of a page.

    Args:
      found: for each box found, whether it is a line's, bool [n].
      judged: for each box found, whether it counts, bool [n].
      truth: for each line that is there, whether it was found, bool [m].
    """

    found: np.ndarray
    judged: np.ndarray
    truth: np.ndarray

    @property
    def hits(self) -> int:
        """Lines that were found."""
        return int(self.truth.sum())

    @property
    def boxes(self) -> int:
        """Boxes that count."""
        return int(self.judged.sum())

    @property
    def lines(self) -> int:
        """Lines that are there."""
        return len(self.truth)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; not a number on a blank page left blank."""
        total = self.boxes + self.lines
        return 2 * self.hits / total if total else float("nan")


def match_boxes(boxes: np.ndarray, truth: np.ndarray, ignored: np.ndarray) -> Matching:
    """Matches boxes with lines.

    Args:
      boxes: found, [n, 4], ymin xmin ymax xmax.
      truth: lines that are to be found, [m, 4].
      ignored: lines that are not to be judged, [k, 4].
    """
    overlap = intersections(boxes, truth)  # [n, m]
    union = areas(boxes)[:, None] + areas(truth) - overlap
    good = overlap / np.maximum(union, 1e-9) >= LEAST_IOU
    rows, columns = linear_sum_assignment(good, maximize=True)
    taken = good[rows, columns]
    found, seen = np.zeros(len(boxes), bool), np.zeros(len(truth), bool)
    found[rows[taken]], seen[columns[taken]] = True, True
    beside = intersections(boxes, ignored) > _IGNORED_SHARE * areas(boxes)[:, None]
    return Matching(found, found | ~beside.any(axis=1), seen)


def intersections(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the area that each box shares with each other: [n, 4], [m, 4] -> [n, m]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.prod(np.maximum(high - low, 0.0), axis=2)


def areas(boxes: np.ndarray) -> np.ndarray:
    """Returns the area of each box: [n, 4] -> [n]."""
    return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
