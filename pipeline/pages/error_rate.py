"""How well a whole page is read: the character error rate of its text, finding and order included.

Below `measure.py`, which has pages read. The lines of a page in reading order, a line break
between each two, are its text, and the edits that turn the true text into the one read are counted:
what Vidal et al., "End-to-End Page-Level Assessment of Handwritten Text Recognition" (Pattern
Recognition 142, 2023), recommend where the order matters. A missed line costs its characters and
its break, a false line as many as it has, a line in the wrong place is missed here and false
there; two lines read as one cost what stands for their break.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from schema import line_bands
from transforms.box_matching import match_boxes

LINE_BREAK = "\n"


@dataclass(frozen=True)
class TruePage:
    """What is on a page, in reading order.

    Args:
      boxes: [m, 4], ymin xmin ymax xmax of every line.
      texts: of every line, "" where it is not known.
      counted: [m], bool; false for lines that are not to be judged.
    """

    boxes: np.ndarray
    texts: Sequence[str]
    counted: np.ndarray

    @classmethod
    def from_rows(cls, rows: np.ndarray, texts: Sequence[str]) -> "TruePage":
        """Takes a page as it travels through the pipeline.

        Args:
          rows: as `schema.line_bands` has them, [m, COLUMNS].
          texts: as `schema.line_texts` gives them, m.
        """
        known = np.array([bool(text) for text in texts], bool)
        counted = (rows[:, line_bands.COUNTED] > 0) & known
        return cls(rows[:, line_bands.BOX], texts, counted)

    @property
    def text(self) -> str:
        """The lines that are to be judged."""
        return LINE_BREAK.join(np.array(self.texts, object)[self.counted])


@dataclass(frozen=True)
class ReadPage:
    """What a model found on a page, in its reading order.

    Args:
      boxes: [n, 4], ymin xmin ymax xmax.
      texts: of each.
    """

    boxes: np.ndarray
    texts: Sequence[str]


@dataclass(frozen=True)
class PageEdits:
    """Edits in a page's text, and the characters of the true one, line breaks included."""

    edits: int
    characters: int


def count_page_edits(truth: TruePage, reading: ReadPage) -> PageEdits:
    """Compares a page as it was read with what is on it.

    What was read on lines that are not judged, or whose text is not known, is left out: the boxes
    tell. So are lines in which nothing was read.
    """
    matching = match_boxes(reading.boxes, truth.boxes[truth.counted], truth.boxes[~truth.counted])
    judged = np.array(reading.texts, object)[matching.judged]
    read = LINE_BREAK.join(filter(None, judged))
    return PageEdits(Levenshtein.distance(truth.text, read), len(truth.text))
