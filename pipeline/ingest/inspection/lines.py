"""Looks at a source of line pictures: IAM, labelled spans, folders with `.gt.txt`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pipeline.ingest.emnist import hash_images
from pipeline.ingest.iam_plan import TRANSCRIPTIONS, plan_iam_lines
from pipeline.ingest.iam_splits import SCHEMES
from pipeline.ingest.inspection import Finding, Panel, spread
from pipeline.ingest.inspection.reservoir import Reservoir
from pipeline.ingest.inspection.texts import describe_texts
from pipeline.ingest.record_sources import IAM, RecordOptions, describe_source, read_records
from pipeline.ingest.records import Problems
from pipeline.ingest.units import LineEntry
from schema.errors import InputError

LINES_SHOWN = 40

_WIDTH, _HEIGHT = 760, 56  # pixels that a line has on the contact sheet


def inspect_lines(folder: Path, source: str) -> Finding:
    """Reads every line of a source.

    Raises:
      InputError: not one line can be used.
    """
    if source == IAM:
        return _inspect_iam(folder)
    return _inspect(folder, RecordOptions(source))


def _inspect_iam(folder: Path) -> Finding:
    """Looks at the split whose lists there are, and tells of both conventions."""
    errors: list[InputError] = []
    for scheme in SCHEMES:
        options = RecordOptions(IAM, split_scheme=scheme)
        try:
            finding = _inspect(folder, options)
        except InputError as error:
            errors.append(error)
            continue
        conventions = "; ".join(f"{name}: {what}" for name, what in TRANSCRIPTIONS.items())
        plan = plan_iam_lines(folder, scheme, options.transcription, Problems(1.0))
        left_out = plan.describe().splitlines()[-1].partition(": ")[2]
        more = (("conventions", conventions), ("left out", left_out))
        return replace(finding, facts=finding.facts + more)
    raise errors[0]


def _inspect(folder: Path, options: RecordOptions) -> Finding:
    problems = Problems(tolerated_share=1.0)
    entries: list[LineEntry] = []
    pictures: list[int] = []
    sizes: list[tuple[int, ...]] = []
    shown = Reservoir[Panel](LINES_SHOWN)
    records = read_records(folder, options, problems)
    for record in tqdm(records, desc=f"reading {options.source}", unit="line", disable=None):
        entries.append(
            LineEntry(record.sample_id, record.text, record.split, record.writer, record.page)
        )
        pictures.append(int(hash_images(record.image[None])[0]))
        sizes.append(record.image.shape)
        place = shown.place()
        if place is not None:
            shown.keep(place, Panel(_shrink(record.image), f"{record.text}   [{record.sample_id}]"))
    if not entries:
        first = f": {problems.found[0]}" if problems.found else ""
        raise InputError(f"expected a line that can be used, got none in {folder}{first}")
    facts = (
        ("lines", f"{len(entries):,}"),
        *describe_texts(entries),
        *_describe_pictures(sizes, len(pictures) - len(set(pictures))),
    )
    title = f"{describe_source(folder, options)}, in {folder}"
    return Finding(title, facts, tuple(problems.found), tuple(shown.items))


def _describe_pictures(sizes: list[tuple[int, ...]], duplicates: int) -> Iterator[tuple[str, str]]:
    heights, widths = zip(*sizes, strict=True)
    yield "height", f"{spread(heights)} pixels"
    yield "width", f"{spread(widths)} pixels"
    yield "duplicates", f"{duplicates:,} pictures that are there already"


def _shrink(image: np.ndarray) -> Image.Image:
    picture = Image.fromarray(image)
    picture.thumbnail((_WIDTH, _HEIGHT))
    return picture
