"""Generates handwritten pages whose lines are known, to train a detector that has few real ones.

Beside `reader.py`: plain Python that yields page records, from the hands of the embedded sample
(`handwriting.py`) on paper made up (`paper.py`). As everything from the sample, it is synthetic.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.ingest.pages import paper
from pipeline.ingest.pages.handwriting import Scribe, Strip
from pipeline.ingest.records import PageLine, PageRecord, Point
from pipeline.ingest.sentences import generate_sentences, split_vocabulary
from schema.splits import TRAIN

SOURCE = "generated"
LINE_TYPE = "handwritten"

LONGER_SIDE = (1050, 1300)
"""Pixels of a page's height, a little above the detector's working size."""

_TEXTS = 400  # sentences that pages are written from
_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-:;'?!")
_CHUNK = 12  # columns of a strip for each corner of its outline
_GAP = 0.1  # between words, at least, as a share of the strip's height over the baseline
_FAINT = 0.15  # ink below is not outlined


@dataclass(frozen=True)
class _Layout:
    """How a page is to be filled; lengths in pixels.

    Args:
      columns: left and right edge of each.
      rows: baselines of the first line to the last.
      cap_height: of a capital.
      slope: of the lines, as a fraction.
      bend: by how much a line's middle is off the straight.
    """

    columns: tuple[tuple[float, float], ...]
    rows: np.ndarray
    cap_height: float
    slope: float
    bend: float


def generate_pages(count: int, seed: int, first: int = 0) -> Iterator[PageRecord]:
    """Yields pages with a hand, a layout and a sheet each of their own.

    Args:
      count: how many.
      seed: the same seed and number give the same page.
      first: number of the first page.
    """
    words = split_vocabulary(seed)[TRAIN]
    texts = list(generate_sentences(_TEXTS, seed, words, _CHARACTERS))
    for number in range(first, first + count):
        yield generate_page(number, seed, texts)


def generate_page(number: int, seed: int, texts: list[str]) -> PageRecord:
    """Generates one page, decided by the seed and its number alone."""
    rng = np.random.default_rng([seed, number])
    height = int(rng.integers(*LONGER_SIDE))
    width = int(height * rng.uniform(0.65, 0.95))
    layout = _lay_out(height, width, rng)
    sheet = paper.draw_paper(height, width, rng)
    if rng.random() < 0.45:
        paper.draw_rulings(sheet, layout.rows, rng)
    if rng.random() < 0.5:
        paper.print_header(sheet, layout.rows[0] - 2 * layout.cap_height, rng)
    paper.draw_marks(sheet, rng)
    scribe, darkness = Scribe(rng), rng.uniform(60, 235)
    lines: list[PageLine] = []
    for left, right in layout.columns:
        for text, row, start, end in _fill_column(layout, left, right, texts, rng):
            strip = _fit(scribe.write(text, layout.cap_height), end - start)
            line = _place(sheet, strip, start, row, layout, darkness, f"line-{len(lines)}")
            lines += [line] if line else []
    return PageRecord(
        f"{SOURCE}/{number:05}", paper.finish(sheet, rng), tuple(lines), SOURCE, TRAIN
    )


def _lay_out(height: int, width: int, rng: np.random.Generator) -> _Layout:
    cap_height = float(np.exp(rng.uniform(np.log(14), np.log(50))))
    pitch = cap_height * rng.uniform(1.4, 3.0)
    top = rng.uniform(0.03, 0.25) * height + 1.5 * cap_height
    bottom = rng.uniform(0.55, 0.98) * height - 0.5 * cap_height
    rows = np.arange(top, max(bottom, top + 1), pitch)
    left, right = rng.uniform(0.02, 0.15) * width, rng.uniform(0.85, 0.99) * width
    columns: tuple[tuple[float, float], ...] = ((left, right),)
    if rng.random() < 0.2 and cap_height < 24:
        middle, gap = rng.uniform(0.4, 0.6) * width, rng.uniform(0.02, 0.05) * width
        columns = ((left, middle - gap), (middle + gap, right))
    slope = float(np.clip(rng.normal(0, 0.012), -0.04, 0.04))
    return _Layout(columns, rows, cap_height, slope, rng.normal(0, 0.1) * cap_height)


def _fill_column(
    layout: _Layout, left: float, right: float, texts: list[str], rng: np.random.Generator
) -> Iterator[tuple[str, float, float, float]]:
    """Yields text, baseline, left and right end of each line, and skips some rows."""
    room = max(right - left, 1.0)
    ragged = rng.uniform(0, 0.15)
    for row in layout.rows:
        kind = rng.random()
        if kind < 0.06:  # between paragraphs
            continue
        start, end = left, right - rng.uniform(0, ragged) * room
        if kind < 0.2:  # a last line of a paragraph
            end = left + rng.uniform(0.15, 0.9) * room
        elif kind < 0.3:  # an indented one, a date, a signature
            start = left + rng.uniform(0.05, 0.6) * room
        if kind > 0.97 and room > 20 * layout.cap_height:  # two notes at one height
            middle = left + rng.uniform(0.4, 0.6) * room
            yield _words(texts, middle - start, layout, rng), row, start, middle
            start, end = middle + 3 * layout.cap_height, right
        row = row + rng.normal(0, 0.08) * layout.cap_height
        yield _words(texts, end - start, layout, rng), row, start, end


def _words(texts: list[str], room: float, layout: _Layout, rng: np.random.Generator) -> str:
    """Returns text that fills about so many pixels; what is too long is cut off by `_fit`."""
    letters = max(int(room / (0.5 * layout.cap_height)), 3)
    words = texts[rng.integers(len(texts))].split()
    start = int(rng.integers(len(words)))
    text = " ".join(words[start:])
    while len(text) < letters:
        text += " " + texts[rng.integers(len(texts))]
    return text[:letters].strip()


def _fit(strip: Strip, room: float) -> Strip:
    """Cuts a strip off where the column ends, at the last gap between words before it."""
    end = max(int(room), 1)
    if strip.ink.shape[1] <= end:
        return strip
    blank = strip.ink[:, end // 2 : end].max(axis=0) < _FAINT
    # How many blank columns in a row end at each column.
    run = np.arange(1, len(blank) + 1)
    run = run - np.maximum.accumulate(np.where(blank, 0, run))
    gaps = np.flatnonzero(run > _GAP * strip.baseline)
    if len(gaps):
        end = end // 2 + int(gaps[-1])
    return strip.cut(end)


def _place(
    sheet: np.ndarray,
    strip: Strip,
    left: float,
    row: float,
    layout: _Layout,
    darkness: float,
    line_id: str,
) -> PageLine | None:
    """Writes a strip onto the sheet, bent and tilted; returns None where nothing is on the sheet.

    Args:
      sheet: changed in place.
      strip: the line.
      left: column of its left end.
      row: of its baseline there.
      layout: tilts and bends it.
      darkness: grey levels of full ink.
      line_id: of the result.
    """
    height, width = strip.ink.shape
    across = np.arange(width)
    # The tilt goes around the sheet's left edge, so that lines stay parallel.
    rise = layout.slope * (left + across) + layout.bend * np.sin(np.pi * across / max(width, 1))
    tops = np.rint(row - strip.baseline + rise).astype(int)  # [width]
    rows = tops + np.arange(height)[:, None]  # [height, width]
    columns = np.broadcast_to(int(left) + across, rows.shape)
    inside = (rows >= 0) & (rows < sheet.shape[0]) & (columns < sheet.shape[1])
    ink = np.where(inside, strip.ink, 0)
    np.subtract.at(sheet, (rows[inside], columns[inside]), ink[inside] * darkness)
    outline = _outline(ink, tops, int(left))
    if not outline:
        return None
    points = [(int(left) + x, tops[x] + strip.baseline) for x in across[:: max(width // 12, 1)]]
    baseline = tuple((float(x), float(np.clip(y, 0, sheet.shape[0] - 1))) for x, y in points)
    polygon = tuple((x, min(max(y, 0.0), sheet.shape[0] - 1.0)) for x, y in outline)
    return PageLine(line_id, polygon, baseline, strip.text, LINE_TYPE)


def _outline(ink: np.ndarray, tops: np.ndarray, left: int) -> list[Point]:
    """Returns a polygon around the ink as segmenters draw it: a corner for some columns each."""
    inked = ink > _FAINT
    columns = np.flatnonzero(inked.any(axis=0))
    if len(columns) < _CHUNK:
        return []
    upper, lower = [], []
    first, last = columns[0], columns[-1] + 1
    rows = np.arange(ink.shape[0])[:, None] + tops  # [h, w]
    for start in range(first, last, _CHUNK):
        part = slice(start, min(start + _CHUNK, last))
        found = rows[:, part][inked[:, part]]
        if len(found):
            middle = float(left + (part.start + part.stop - 1) / 2)
            upper.append((middle, float(found.min() - 2)))
            lower.append((middle, float(found.max() + 2)))
    ends = float(left + first), float(left + last - 1)
    upper = [(ends[0], upper[0][1]), *upper, (ends[1], upper[-1][1])]
    lower = [(ends[0], lower[0][1]), *lower, (ends[1], lower[-1][1])]
    return upper + lower[::-1]
