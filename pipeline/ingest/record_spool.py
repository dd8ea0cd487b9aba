"""Keeps what workers read until it is settled which of it is taken: a spool of two files a unit.

Between the two Beam jobs of `record_example_gen.py`. Pictures are read and cut once, on the
workers; duplicates and the share of unusable pictures are known only when all of them are.
"""

import io
import json
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.buckets.bucket import StoredObject
from pipeline.ingest.emnist import hash_images
from pipeline.ingest.example_bytes import serialise_line
from pipeline.ingest.record_sources import RecordOptions, read_unit
from pipeline.ingest.records import LineRecord, Problem, Problems
from pipeline.ingest.units import Unit
from transforms.image_facts import measure_image

_LENGTH = struct.Struct("<Q")  # bytes of the example that follows


@dataclass(frozen=True)
class UnitJob:
    """A unit with what the plan says of its lines.

    Args:
      number: names the unit's files in the spool.
      unit: what to read.
      splits: of each line of the unit.
      vocabularies: one of `schema.features.VOCABULARIES` for each line.
      versions: of the unit's files, where workers read them from a bucket.
    """

    number: int
    unit: Unit
    splits: tuple[str, ...]
    vocabularies: tuple[str, ...]
    versions: tuple[StoredObject, ...] = ()


@dataclass(frozen=True)
class SpooledLine:
    """A line that was read: `picture` is a hash of its pixels."""

    sample_id: str
    split: str
    characters: int
    picture: int


@dataclass(frozen=True)
class UnitReport:
    """What became of a unit: its lines in the order of their examples, and the problems."""

    lines: tuple[SpooledLine, ...]
    problems: tuple[Problem, ...]


def spool_unit(folder: Path, options: RecordOptions, job: UnitJob, spool: Path) -> None:
    """Reads a unit, a picture at a time, and puts its examples and a report into the spool.

    Files appear whole: a worker that is started again for the same unit replaces them.
    """
    problems = Problems(tolerated_share=1.0)  # judged when all units are read
    told = dict(
        zip(
            (line.sample_id for line in job.unit.lines),
            zip(job.unit.lines, job.splits, job.vocabularies, strict=True),
            strict=True,
        )
    )
    lines = []
    partial = spool / f".{job.number:06d}.{uuid.uuid4().hex}"
    with partial.open("wb") as file:
        for record in read_unit(folder, job.unit, options, problems):
            if record.sample_id in told:
                entry, split, vocabulary = told[record.sample_id]
                record = replace(record, text=entry.text)  # as planned: unknowns may be marked
                example = record_example(record, split, vocabulary)
                file.write(_LENGTH.pack(len(example)) + example)
                picture = int(hash_images(record.image[None])[0])
                lines.append((record.sample_id, split, len(record.text), picture))
    partial.replace(spool / examples_name(job.number))
    found = [(problem.file, problem.sample_id, problem.reason) for problem in problems.found]
    report = json.dumps({"lines": lines, "problems": found})
    partial.write_text(report, encoding="utf-8")
    partial.replace(spool / report_name(job.number))


def read_report(spool: Path, number: int) -> UnitReport:
    """Returns the report of a unit that was read."""
    report = json.loads((spool / report_name(number)).read_text(encoding="utf-8"))
    return UnitReport(
        tuple(SpooledLine(*line) for line in report["lines"]),
        tuple(Problem(*problem) for problem in report["problems"]),
    )


def read_examples(spool: Path, number: int) -> Iterator[tuple[SpooledLine, bytes]]:
    """Yields the lines of a unit that was read, with their serialised examples."""
    with (spool / examples_name(number)).open("rb") as file:
        for line in read_report(spool, number).lines:
            [length] = _LENGTH.unpack(file.read(_LENGTH.size))
            yield line, file.read(length)


def record_example(record: LineRecord, split: str, vocabulary: str) -> bytes:
    """Returns the ingested example of a real line, serialised."""
    return serialise_line(
        sample_id=f"{split}/{record.sample_id}",
        text=record.text,
        source=record.source,
        vocabulary=vocabulary,
        facts=measure_image(record.image),
        image=encode_png(record.image),
        writer=record.writer or "",
        page=record.page or "",
    )


def encode_png(image: np.ndarray, effort: int = 6) -> bytes:
    """Returns a picture, uint8 [height, width], as PNG, compressed with an effort of 0 to 9."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG", compress_level=effort)
    return stream.getvalue()


def examples_name(number: int) -> str:
    """Names the file of a unit's examples in the spool."""
    return f"{number:06d}.examples"


def report_name(number: int) -> str:
    """Names the file of a unit's report in the spool."""
    return f"{number:06d}.json"
