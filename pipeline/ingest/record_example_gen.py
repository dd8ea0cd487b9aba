"""The ExampleGen of real lines: any source of line pictures -> examples in three splits.

The first component of the pipeline, in the place of `line_example_gen.py`; Transform normalises
each picture with the functions that serving uses.
"""

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
from PIL import Image
from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.ingest.example_bytes import serialise_line
from pipeline.ingest.examples import PlannedExecutor, make_example_gen
from pipeline.ingest.lines import classify_vocabulary
from pipeline.ingest.record_plan import RecordPlan, plan_records
from pipeline.ingest.record_sources import RecordOptions, describe_source, read_records
from pipeline.ingest.records import LineRecord, Problems
from pipeline.run_result import SplitSummary
from schema.splits import SPLITS
from transforms.image_facts import measure_image

NEVER_STOP = 1.0
"""Tolerated share of the second reading: the plan has judged the problems already."""


def record_example_gen(folder: Path, options: RecordOptions, version: str) -> FileBasedExampleGen:
    """Makes the component.

    Args:
      folder: the data.
      options: what it is and how to read it.
      version: a hash of the code and of the data's files; another one makes the cache stale.
    """
    config = {"options": dataclasses.asdict(options), "version": version}
    return make_example_gen(folder, "*", config, RecordExecutor)


class RecordExecutor(PlannedExecutor):
    """Reads a source again and writes an example for each planned line."""

    def write_plan(
        self, pipeline: beam.Pipeline, folder: Path, config: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Reads the lines and deals them out as planned."""
        options = RecordOptions(**config["options"])
        plan = plan_records(folder, options)
        split_lines = (
            pipeline
            | "Name the source" >> beam.Create([folder])
            | "Read lines" >> beam.ParDo(ReadLines(options, plan)).with_outputs(*SPLITS)
        )
        return {split: split_lines[split] for split in SPLITS}

    def summarise_plan(self, folder: Path, config: dict[str, Any]) -> list[SplitSummary]:
        """Counts lines and dropped duplicates."""
        return summarise_records(plan_records(folder, RecordOptions(**config["options"])))

    def describe_source(self, folder: Path, config: dict[str, Any]) -> str:
        """Names the source with the choices made in it."""
        return describe_source(folder, RecordOptions(**config["options"]))


class ReadLines(beam.DoFn):
    """Reads a source and yields the serialised example of each planned line under its split.

    Args:
      options: how to read the source.
      plan: the split of each line.
    """

    def __init__(self, options: RecordOptions, plan: RecordPlan) -> None:
        super().__init__()
        self._options, self._plan = options, plan

    def process(self, folder: Path) -> Iterator[beam.pvalue.TaggedOutput]:
        """Yields one picture at a time."""
        for record in read_records(folder, self._options, Problems(NEVER_STOP)):
            split = self._plan.splits.get(record.sample_id)
            if split is not None:
                example = record_example(record, split, self._plan.train_words)
                yield beam.pvalue.TaggedOutput(split, example)


def record_example(record: LineRecord, split: str, train_words: frozenset[str]) -> bytes:
    """Builds and serialises the ingested example of a real line."""
    return serialise_line(
        sample_id=f"{split}/{record.sample_id}",
        text=record.text,
        source=record.source,
        vocabulary=classify_vocabulary(record.text, train_words),
        facts=measure_image(record.image),
        image=encode_png(record.image),
        writer=record.writer or "",
    )


def encode_png(image: np.ndarray) -> bytes:
    """Returns a picture, uint8 [height, width], as PNG."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def summarise_records(plan: RecordPlan) -> list[SplitSummary]:
    """Tells what went into each split."""
    return [
        SplitSummary(
            name=split,
            examples=sum(1 for other in plan.splits.values() if other == split),
            characters=plan.characters[split],
            glyphs=0,
            duplicates_dropped=plan.duplicates_dropped[split],
        )
        for split in SPLITS
    ]
