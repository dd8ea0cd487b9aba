"""The ExampleGen of synthesised lines: a folder in EMNIST's layout -> examples in three splits.

The first component of the pipeline; Transform turns each example's glyphs into a picture.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.ingest.emnist import Glyphs, GlyphSplits
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.examples import PlannedExecutor, make_example, make_example_gen
from pipeline.ingest.lines import NO_GLYPH, Line, LineOptions, plan_splits, read_folder
from pipeline.run_result import SplitSummary
from schema.features import GLYPH_SIDE
from schema.splits import SPLITS
from transforms.image_facts import measure_image


def line_example_gen(folder: Path, options: LineOptions, version: str) -> FileBasedExampleGen:
    """Makes the component.

    Args:
      folder: holds one data set in EMNIST's layout.
      options: what lines to make.
      version: a hash of the code and the corpus; another one makes the cached output stale.
    """
    config = {"options": dataclasses.asdict(options), "version": version}
    return make_example_gen(folder, "emnist-*", config, LineExecutor)


class LineExecutor(PlannedExecutor):
    """Reads glyphs and writes an example for each planned line."""

    def write_plan(
        self, pipeline: beam.Pipeline, folder: Path, config: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Plans the lines here and spells them on the workers."""
        options = LineOptions(**config["options"])
        plans = plan_splits(folder, options)
        return {
            split: pipeline
            | f"Plan {split} lines" >> beam.Create(plans[split])
            | f"Spell {split} lines" >> beam.ParDo(SpellLine(folder, options.data_set, split))
            for split in SPLITS
        }

    def summarise_plan(self, folder: Path, config: dict[str, Any]) -> list[SplitSummary]:
        """Counts lines, glyphs and dropped duplicates."""
        options = LineOptions(**config["options"])
        glyphs = read_folder(folder, options.data_set)
        return summarise_splits(glyphs, plan_splits(folder, options))

    def describe_source(self, folder: Path, config: dict[str, Any]) -> str:
        """Names the data set."""
        data_set = LineOptions(**config["options"]).data_set or None
        return f"EMNIST {find_emnist(folder, data_set).name}"


class SpellLine(beam.DoFn):
    """Looks up the glyphs of a planned line and serialises it.

    Args:
      folder: where each worker reads the glyphs, once.
      data_set: which one in the folder, "" for the only one.
      split: whose glyphs to take.
    """

    def __init__(self, folder: Path, data_set: str, split: str) -> None:
        super().__init__()
        self._folder, self._data_set, self._split = folder, data_set, split

    def setup(self) -> None:
        """Reads the glyphs."""
        files = find_emnist(self._folder, self._data_set or None)
        self._source = f"emnist-{files.name}"
        splits = read_folder(self._folder, self._data_set)
        self._glyphs: Glyphs = getattr(splits, self._split)

    def process(self, line: Line) -> Iterator[bytes]:
        """Yields the serialised example."""
        yield line_example(line, self._glyphs, self._source).SerializeToString()


def line_example(line: Line, glyphs: Glyphs, source: str) -> tf.train.Example:
    """Builds the ingested example of a planned line."""
    stack = np.zeros((len(line.glyphs), GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    for position, number in enumerate(line.glyphs):
        if number != NO_GLYPH:
            stack[position] = glyphs.images[number]
    return make_example(
        sample_id=line.sample_id,
        text=line.text,
        source=source,
        vocabulary=line.vocabulary,
        facts=measure_image(np.concatenate(stack, axis=1)),  # [GLYPH_SIDE, n * GLYPH_SIDE]
        glyphs=stack.tobytes(),
        seed=line.seed,
    )


def summarise_splits(glyphs: GlyphSplits, plans: dict[str, list[Line]]) -> list[SplitSummary]:
    """Tells what went into each split."""
    return [
        SplitSummary(
            name=split,
            lines=len(plans[split]),
            characters=sum(len(line.text) for line in plans[split]),
            glyphs=len(getattr(glyphs, split)),
            duplicates_dropped=glyphs.duplicates_dropped.get(split, 0),
        )
        for split in SPLITS
    ]
