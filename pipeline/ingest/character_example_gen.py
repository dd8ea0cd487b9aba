"""The ExampleGen of single characters: a folder in EMNIST's layout -> examples in three splits.

The first component of the pipeline where characters are the task. A character is ingested as a
line of one glyph, so that schema, Transform and statistics are those of lines.
"""

import dataclasses
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.ingest.characters import CharacterOptions, chunk_characters, plan_characters
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.examples import PlannedExecutor, make_example_gen
from pipeline.ingest.line_example_gen import spell_chunks
from pipeline.run_result import SplitSummary
from schema.splits import SPLITS


def character_example_gen(
    folder: Path, options: CharacterOptions, version: str
) -> FileBasedExampleGen:
    """Makes the component.

    Args:
      folder: holds one data set in EMNIST's layout.
      options: which characters to take.
      version: a hash of the code; another one makes the cached output stale.
    """
    config = {"options": dataclasses.asdict(options), "version": version}
    return make_example_gen(folder, "emnist-*", config, CharacterExecutor)


class CharacterExecutor(PlannedExecutor):
    """Reads glyphs and writes an example for each."""

    def write_plan(
        self, pipeline: beam.Pipeline, folder: Path, config: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Puts the glyphs where workers can look them up, and deals them out."""
        options = CharacterOptions(**config["options"])
        plan = plan_characters(folder, options)
        name = find_emnist(folder, options.data_set or None).name
        chunks = pipeline | "Cut into chunks" >> beam.Create(chunk_characters(plan))
        shared = SharedFolder(self._get_tmp_dir())
        return spell_chunks(chunks, plan, shared, f"emnist-{name}", options.seed)

    def summarise_plan(self, folder: Path, config: dict[str, Any]) -> list[SplitSummary]:
        """Counts characters and dropped duplicates."""
        plan = plan_characters(folder, CharacterOptions(**config["options"]))
        return [
            SplitSummary(
                name=split,
                examples=len(getattr(plan, split)),
                characters=len(getattr(plan, split)),
                glyphs=len(getattr(plan, split)),
                duplicates_dropped=plan.duplicates_dropped[split],
            )
            for split in SPLITS
        ]

    def describe_source(self, folder: Path, config: dict[str, Any]) -> str:
        """Names the data set."""
        data_set = CharacterOptions(**config["options"]).data_set or None
        return f"EMNIST {find_emnist(folder, data_set).name}"
