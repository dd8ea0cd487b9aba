"""The ExampleGen of synthesised lines: a folder in EMNIST's layout -> examples in three splits.

The first component of the pipeline; Transform turns each example's glyphs into a picture.
"""

import dataclasses
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.ingest.chunk_file import write_chunks
from pipeline.ingest.emnist import EmnistIndex
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.examples import PlannedExecutor, make_example_gen
from pipeline.ingest.glyph_store import write_store
from pipeline.ingest.lines import LineOptions, LinePlan, plan_lines
from pipeline.ingest.workers import ReadChunks, SpellLines
from pipeline.run_result import SplitSummary
from schema.splits import SPLITS


def line_example_gen(folder: Path, options: LineOptions, version: str) -> FileBasedExampleGen:
    """Makes the component.

    Args:
      folder: holds one data set in EMNIST's layout.
      options: what lines to make.
      version: a hash of the code and the corpus; another one makes the cached output stale.
    """
    config = {"options": dataclasses.asdict(options), "version": version}
    return make_example_gen(folder, "emnist-*", config, LineExecutor)


_PLANNED = "lines"


class LineExecutor(PlannedExecutor):
    """Plans lines and has the workers spell them, a chunk at a time."""

    def write_plan(
        self, pipeline: beam.Pipeline, folder: Path, config: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Puts lines and glyphs where workers can look them up, and deals them out by place."""
        options = LineOptions(**config["options"])
        plan = plan_lines(folder, options)
        name = find_emnist(folder, options.data_set or None).name
        shared = SharedFolder(self._get_tmp_dir())
        with shared.put() as written:
            found = write_chunks(plan.chunks(), written / _PLANNED)
        places = pipeline | "Plan lines" >> beam.Create(found)
        chunks = places | "Read planned lines" >> beam.ParDo(ReadChunks(shared, _PLANNED))
        return spell_chunks(chunks, plan.glyphs, shared, f"emnist-{name}", options.seed)

    def summarise_plan(self, folder: Path, config: dict[str, Any]) -> list[SplitSummary]:
        """Counts lines, glyphs and dropped duplicates."""
        return summarise_splits(plan_lines(folder, LineOptions(**config["options"])))

    def describe_source(self, folder: Path, config: dict[str, Any]) -> str:
        """Names the data set."""
        data_set = LineOptions(**config["options"]).data_set or None
        return f"EMNIST {find_emnist(folder, data_set).name}"


def spell_chunks(
    chunks: beam.PCollection, glyphs: EmnistIndex, shared: SharedFolder, source: str, seed: int
) -> dict[str, beam.PCollection]:
    """Has the workers spell chunks: those are shuffled over the workers, what they make is not.

    Args:
      chunks: as `SpellLines` takes them.
      glyphs: of each split.
      shared: a folder that every worker reaches.
      source: name of the data set.
      seed: decides which glyphs are chosen.

    Returns:
      split -> serialised examples.
    """
    with shared.put() as written:
        stores = {
            split: write_store(getattr(glyphs, split), written / f"{split}.glyphs")
            for split in SPLITS
        }
    spell = SpellLines(shared, stores, source, seed)
    lines = chunks | "Spell lines" >> beam.ParDo(spell).with_outputs(*SPLITS)
    return {split: lines[split] for split in SPLITS}


def summarise_splits(plan: LinePlan) -> list[SplitSummary]:
    """Tells what went into each split."""
    return [
        SplitSummary(
            name=split,
            examples=len(plan.texts[split]),
            characters=sum(map(len, plan.texts[split])),
            glyphs=len(getattr(plan.glyphs, split)),
            duplicates_dropped=plan.glyphs.duplicates_dropped[split],
        )
        for split in SPLITS
    ]
