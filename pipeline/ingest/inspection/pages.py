"""Looks at a folder of ALTO or PAGE XML pages, drawing where their lines are."""

from collections import Counter
from pathlib import Path

from PIL import Image, ImageDraw
from tqdm import tqdm

from pipeline.ingest.inspection import Finding, Panel, spread
from pipeline.ingest.inspection.reservoir import Reservoir
from pipeline.ingest.inspection.texts import describe_texts
from pipeline.ingest.pages.cut import line_name
from pipeline.ingest.pages.reader import SOURCE, read_pages
from pipeline.ingest.records import PageRecord, Point, Problems
from pipeline.ingest.units import LineEntry
from schema.errors import InputError

PAGES_SHOWN = 12

_WIDTH, _HEIGHT = 510, 680  # pixels that a page has on the contact sheet
_OUTLINE, _UNREAD, _BASELINE = (200, 30, 30), (230, 150, 0), (30, 80, 220)


def inspect_pages(folder: Path) -> Finding:
    """Reads every page of a folder.

    Raises:
      InputError: not one line can be used.
    """
    problems = Problems(tolerated_share=1.0)
    entries: list[LineEntry] = []
    types: Counter[str] = Counter()
    sizes: list[tuple[int, ...]] = []
    unread = 0
    shown = Reservoir[Panel](PAGES_SHOWN)
    pages = read_pages(folder, problems)
    for page in tqdm(pages, desc=f"reading {SOURCE}", unit="page", disable=None):
        types.update(line.line_type or "no type" for line in page.lines)
        unread += sum(not line.text for line in page.lines)
        entries += _entries(page)
        sizes.append(page.image.shape)
        place = shown.place()
        if place is not None:
            shown.keep(place, Panel(draw_page(page), f"{page.page_id}: {len(page.lines)} lines"))
        del page  # not this one while the next is decoded
    if not entries:
        first = f": {problems.found[0]}" if problems.found else ""
        raise InputError(f"expected a line that can be used, got none in {folder}{first}")
    heights, widths = zip(*sizes, strict=True)
    facts = (
        ("lines", f"{len(entries):,} with a text, {unread:,} without (for the detector only)"),
        ("line types", ", ".join(f"{name} {count:,}" for name, count in types.most_common())),
        *describe_texts(entries),
        ("page height", f"{spread(heights)} pixels"),
        ("page width", f"{spread(widths)} pixels"),
    )
    return Finding(f"{SOURCE} in {folder}", facts, tuple(problems.found), tuple(shown.items))


def draw_page(page: PageRecord) -> Image.Image:
    """Returns a small picture of a page with outlines (orange without a text) and baselines."""
    picture = Image.fromarray(page.image).convert("RGB")
    picture.thumbnail((_WIDTH, _HEIGHT))
    scale = picture.width / page.image.shape[1]
    draw = ImageDraw.Draw(picture)
    for line in page.lines:
        outline = _scaled(line.polygon, scale)
        draw.line([*outline, outline[0]], fill=_OUTLINE if line.text else _UNREAD)
        if line.baseline:
            draw.line(_scaled(line.baseline, scale), fill=_BASELINE)
    return picture


def _entries(page: PageRecord) -> list[LineEntry]:
    return [
        LineEntry(line_name(page.page_id, line), line.text, page.split, page.writer, page.page_id)
        for line in page.lines
        if line.text
    ]


def _scaled(points: tuple[Point, ...], scale: float) -> list[Point]:
    return [(x * scale, y * scale) for x, y in points]
