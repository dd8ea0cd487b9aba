"""The ExampleGen of real lines: any source of line pictures -> examples in three splits.

The first component of the pipeline, in the place of `line_example_gen.py`; Transform normalises
each picture with the functions that serving uses. docs/decisions/0007 says why there are two jobs.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.ingest.data_folder import DataFolder
from pipeline.ingest.examples import PlannedExecutor, make_example_gen
from pipeline.ingest.record_outcome import RecordOutcome, settle_records
from pipeline.ingest.record_plan import RecordPlan, plan_records
from pipeline.ingest.record_sources import DROP_SHARED, RecordOptions, describe_source
from pipeline.ingest.record_spool import UnitJob, read_report, report_name
from pipeline.ingest.records import tell_problems
from pipeline.ingest.workers import ReadUnit, TakeLines
from pipeline.run_result import SplitSummary
from schema.splits import SPLITS


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
    """Has the workers read a source unit by unit, and writes what is taken of it."""

    def write_plan(
        self, pipeline: beam.Pipeline, folder: Path, config: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Reads all pictures in a job of their own, then deals the lines out as planned."""
        options = RecordOptions(**config["options"])
        plan = plan_records(folder, options)
        spool = SharedFolder(self._get_tmp_dir())
        data = DataFolder(folder, far=spool.in_bucket)
        with self._make_beam_pipeline() as reading:
            _ = (
                reading
                | "Deal out units" >> beam.Create(make_jobs(plan, data))
                | "Read pictures" >> beam.ParDo(ReadUnit(data, options, spool))
            )
        numbers = range(len(plan.units))
        with spool.take(*map(report_name, numbers)) as told:
            reports = (read_report(told, number) for number in numbers)
            outcome = settle_records(plan, reports, options.tolerated_share, folder)
        tell_problems(outcome.problems)
        self._summaries = summarise_records(outcome)
        lines = (
            pipeline
            | "Deal out what was read" >> beam.Create(numbers)
            | "Take lines" >> beam.ParDo(TakeLines(spool, outcome.dropped)).with_outputs(*SPLITS)
        )
        return {split: lines[split] for split in SPLITS}

    def summarise_plan(self, folder: Path, config: dict[str, Any]) -> list[SplitSummary]:
        """Counts lines and dropped duplicates, once they are read."""
        return self._summaries

    def describe_source(self, folder: Path, config: dict[str, Any]) -> str:
        """Names the source with the choices made in it, and what they left out."""
        options = RecordOptions(**config["options"])
        source = describe_source(folder, options)
        if options.shared_texts != DROP_SHARED:
            return source
        dropped = plan_records(folder, options).shared_dropped
        counts = ", ".join(f"{split} {dropped[split]}" for split in SPLITS)
        return f"{source}; left out, for another split has their sentence: {counts}"


def make_jobs(plan: RecordPlan, data: DataFolder) -> Iterator[UnitJob]:
    """Yields what the workers are given."""
    for number, unit in enumerate(plan.units):
        yield UnitJob(
            number=number,
            unit=unit,
            splits=tuple(plan.splits[line.sample_id] for line in unit.lines),
            vocabularies=tuple(plan.vocabulary(line.text) for line in unit.lines),
            versions=data.versions_of((*unit.files, *unit.besides)),
        )


def summarise_records(outcome: RecordOutcome) -> list[SplitSummary]:
    """Tells what went into each split."""
    return [
        SplitSummary(
            name=split,
            examples=outcome.lines[split],
            characters=outcome.characters[split],
            glyphs=0,
            duplicates_dropped=outcome.duplicates_dropped[split],
        )
        for split in SPLITS
    ]
