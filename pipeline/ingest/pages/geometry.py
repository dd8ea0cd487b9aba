"""Checks where the lines of a layout lie: within their page, around some pixels, each once.

Called by `survey.py`, before any pixel is decoded.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pipeline.ingest.pages import FoundLine, PageProblem
from pipeline.ingest.records import PageLine, Point, Problems

CLIP_PIXELS = 10.0
"""Points this far outside the page are moved to its edge: segmenters round up and overshoot."""

NO_TEXT = "expected a transcription, got none: transcribe the line; it serves the detector only"
"""What is wrong with a line that has an outline only."""

_MIN_SPAN = 1.0  # pixels


def usable_lines(
    wanted: list[FoundLine], width: int, height: int, file: str, problems: Problems
) -> Iterator[PageLine]:
    """Yields the lines whose geometry can be used, and notes the others.

    Args:
      wanted: lines of a layout.
      width: of the page's picture, in pixels.
      height: of the page's picture, in pixels.
      file: the XML file, for messages.
      problems: notes what is wrong; a line without a text is a problem, and yielded all the same.
    """
    known: set[str] = set()
    for found in wanted:
        line_id = found.line.line_id
        try:
            line = _checked(found, line_id in known, width, height)
        except PageProblem as error:
            problems.leave_out(file, line_id, str(error))
            continue
        known.add(line_id)
        if not line.text:
            problems.leave_out(file, line_id, NO_TEXT)
        yield line


def _checked(found: FoundLine, repeated: bool, width: int, height: int) -> PageLine:
    """Returns a line within its page.

    Raises:
      PageProblem: it has no usable outline, or its id is another line's.
    """
    line = found.line
    if repeated:
        raise PageProblem("expected an id of its own, got that of a line before it: rename it")
    if found.fault:
        raise PageProblem(found.fault)
    if len(line.polygon) < 3:
        raise PageProblem(
            f"expected an outline of at least 3 points, got {len(line.polygon)}: mark it again"
        )
    polygon = _within(line.polygon, "outline", width, height)
    spans = np.ptp(np.asarray(polygon), axis=0)  # [2], width and height
    if spans.min() < _MIN_SPAN:
        raise PageProblem(
            f"expected an outline around some pixels, got one {spans[0]:g} wide and {spans[1]:g} "
            "high: mark it again"
        )
    return replace(
        line, polygon=polygon, baseline=_within(line.baseline, "baseline", width, height)
    )


def _within(points: tuple[Point, ...], what: str, width: int, height: int) -> tuple[Point, ...]:
    """Returns points moved onto the page.

    Raises:
      PageProblem: one of them is further than `CLIP_PIXELS` away from it.
    """
    inside = tuple(
        (min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)) for x, y in points
    )
    for point, moved in zip(points, inside, strict=True):
        if max(abs(point[0] - moved[0]), abs(point[1] - moved[1])) > CLIP_PIXELS:
            raise PageProblem(
                f"expected the {what} within the page of {width} x {height} pixels, got the "
                f"point {point[0]:g}, {point[1]:g}: mark it again"
            )
    return inside
