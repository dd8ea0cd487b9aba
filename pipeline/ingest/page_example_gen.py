"""The ExampleGen of pages: an archive, generated pages or both -> examples in three splits.

The first component of the pipeline where pages are the task. A unit of work is one page, spread
anew over the workers, so that no worker holds more than a few.
"""

import dataclasses
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.ingest.data_folder import DataFolder
from pipeline.ingest.examples import PlannedExecutor, make_example_gen
from pipeline.ingest.iam_forms import SOURCE as IAM
from pipeline.ingest.page_plan import (
    GENERATED,
    PageOptions,
    PagePlan,
    describe_pages,
    plan_pages,
)
from pipeline.ingest.page_workers import MakePages, ReadForms
from pipeline.run_result import SplitSummary
from schema.splits import SPLITS


def page_example_gen(folder: Path, options: PageOptions, version: str) -> FileBasedExampleGen:
    """Makes the component.

    Args:
      folder: the data.
      options: which pages to take.
      version: a hash of the code and of the data's files; another one makes the cache stale.
    """
    config = {"options": dataclasses.asdict(options), "version": version}
    return make_example_gen(folder, "*", config, PageExecutor)


class PageExecutor(PlannedExecutor):
    """Reads or generates the planned pages and writes an example for each."""

    def write_plan(
        self, pipeline: beam.Pipeline, folder: Path, config: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Deals the pages out as planned."""
        options = PageOptions(**config["options"])
        far = SharedFolder(self._get_tmp_dir()).in_bucket and options.source != GENERATED
        data = DataFolder(folder, far)
        pages = (
            _read_forms(pipeline, data, options)
            if options.source == IAM
            else _make_pages(pipeline, data, plan_pages(folder, options), options)
        )
        return {split: pages[split] for split in SPLITS}

    def summarise_plan(self, folder: Path, config: dict[str, Any]) -> list[SplitSummary]:
        """Counts pages and dropped duplicates."""
        plan = plan_pages(folder, PageOptions(**config["options"]))
        return [
            SplitSummary(
                name=split,
                examples=plan.count(split),
                characters=0,
                glyphs=0,
                duplicates_dropped=plan.duplicates_dropped[split],
            )
            for split in SPLITS
        ]

    def describe_source(self, folder: Path, config: dict[str, Any]) -> str:
        """Names the source with the choices made in it."""
        return describe_pages(PageOptions(**config["options"]))


def _make_pages(
    pipeline: beam.Pipeline, data: DataFolder, plan: PagePlan, options: PageOptions
) -> Any:
    """Spreads pages over the workers; returns their examples by split."""
    make = beam.ParDo(MakePages(data, options.ignored, options.seed))
    units = [
        dataclasses.replace(unit, versions=data.versions_of([unit.survey.image_path]))
        if unit.survey
        else unit
        for unit in plan.units
    ]
    return (
        pipeline
        | "Name the pages" >> beam.Create(units)
        | "Spread the pages" >> beam.Reshuffle()
        | "Make pages" >> make.with_outputs(*SPLITS)
    )


def _read_forms(pipeline: beam.Pipeline, data: DataFolder, options: PageOptions) -> Any:
    """Has a worker read IAM; returns the examples of its forms by split."""
    read = beam.ParDo(ReadForms(data, options.split_scheme, options.tolerated_share))
    return (
        pipeline
        | "Name the copy" >> beam.Create([data.all_versions()])
        | "Read forms" >> read.with_outputs(*SPLITS)
    )
