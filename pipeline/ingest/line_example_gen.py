"""The ExampleGen of synthesised lines: a folder in EMNIST's layout -> examples in three splits.

The first component of the pipeline; Transform turns each example's glyphs into a picture.
"""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from google.protobuf import any_pb2, json_format, struct_pb2
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs

from pipeline.ingest.emnist import Glyphs, GlyphSplits, find_emnist
from pipeline.ingest.lines import NO_GLYPH, Line, LineOptions, plan_splits, read_folder
from pipeline.run_result import SplitSummary
from schema import features
from schema.splits import SPLITS

COMPONENT_ID = "LineExampleGen"

SUMMARY_PROPERTY = "split_summaries"
"""Custom property of the Examples artifact: `SplitSummary` records as JSON."""

_INK_THRESHOLD = 127


def line_example_gen(folder: Path, options: LineOptions, version: str) -> FileBasedExampleGen:
    """Makes the component.

    Args:
      folder: holds one data set in EMNIST's layout.
      options: what lines to make.
      version: a hash of the code and the corpus; another one makes the cached output stale.
    """
    return FileBasedExampleGen(
        input_base=str(folder),
        input_config=example_gen_pb2.Input(
            splits=[example_gen_pb2.Input.Split(name="glyphs", pattern="emnist-*")]
        ),
        output_config=example_gen_pb2.Output(
            split_config=example_gen_pb2.SplitConfig(
                # The executor decides the splits; TFX wants a bucket count nonetheless.
                splits=[
                    example_gen_pb2.SplitConfig.Split(name=split, hash_buckets=1)
                    for split in SPLITS
                ]
            )
        ),
        custom_config=_pack({"options": dataclasses.asdict(options), "version": version}),
        custom_executor_spec=executor_spec.BeamExecutorSpec(LineExecutor),
    ).with_id(COMPONENT_ID)


class LineExecutor(BaseExampleGenExecutor):
    """Reads glyphs and writes an example for each planned line."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:  # noqa: N802 - TFX's name
        """Unused: all splits are planned together in `GenerateExamplesByBeam`."""
        raise NotImplementedError("the splits of lines are planned together")

    def GenerateExamplesByBeam(  # noqa: N802 - TFX's name
        self, pipeline: beam.Pipeline, exec_properties: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Plans the lines here and spells them on the workers."""
        folder = Path(exec_properties[standard_component_specs.INPUT_BASE_KEY])
        options = LineOptions(**_unpack(exec_properties)["options"])
        plans = plan_splits(folder, options)
        return {
            split: pipeline
            | f"Plan {split} lines" >> beam.Create(plans[split])
            | f"Spell {split} lines" >> beam.ParDo(SpellLine(folder, split))
            for split in SPLITS
        }

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the examples, and what went into each split as a property of the artifact."""
        super().Do(input_dict, output_dict, exec_properties)
        folder = Path(exec_properties[standard_component_specs.INPUT_BASE_KEY])
        options = LineOptions(**_unpack(exec_properties)["options"])
        summaries = summarise_splits(read_folder(folder), plan_splits(folder, options))
        examples = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        examples.set_string_custom_property(
            SUMMARY_PROPERTY, json.dumps([dataclasses.asdict(summary) for summary in summaries])
        )


class SpellLine(beam.DoFn):
    """Looks up the glyphs of a planned line and serialises it.

    Args:
      folder: where each worker reads the glyphs, once.
      split: whose glyphs to take.
    """

    def __init__(self, folder: Path, split: str) -> None:
        super().__init__()
        self._folder, self._split = folder, split

    def setup(self) -> None:
        """Reads the glyphs."""
        self._source = f"emnist-{find_emnist(self._folder).name}"
        self._glyphs: Glyphs = getattr(read_folder(self._folder), self._split)

    def process(self, line: Line) -> Iterator[bytes]:
        """Yields the serialised example."""
        yield line_example(line, self._glyphs, self._source).SerializeToString()


def line_example(line: Line, glyphs: Glyphs, source: str) -> tf.train.Example:
    """Builds the ingested example of a line (`schema.features`)."""
    stack = np.zeros((len(line.glyphs), features.GLYPH_SIDE, features.GLYPH_SIDE), np.uint8)
    for position, number in enumerate(line.glyphs):
        if number != NO_GLYPH:
            stack[position] = glyphs.images[number]
    values: dict[str, Any] = {
        features.SAMPLE_ID: line.sample_id,
        features.TEXT: line.text,
        features.SOURCE: source,
        features.VOCABULARY: line.vocabulary,
        features.TEXT_LENGTH: len(line.text),
        features.INK_RATIO: float(np.mean(stack > _INK_THRESHOLD)),
        features.BRIGHTNESS_MEAN: float(stack.mean()),
        features.BRIGHTNESS_DEVIATION: float(stack.std()),
        features.GLYPHS: stack.tobytes(),
        features.SEED: line.seed,
    }
    return tf.train.Example(
        features=tf.train.Features(feature={key: _feature(value) for key, value in values.items()})
    )


def summarise_splits(glyphs: GlyphSplits, plans: dict[str, list[Line]]) -> list[SplitSummary]:
    """Tells what went into each split."""
    return [
        SplitSummary(
            name=split,
            lines=len(plans[split]),
            characters=sum(len(line.text) for line in plans[split]),
            glyphs=len(getattr(glyphs, split)),
            duplicate_glyphs_dropped=glyphs.duplicates_dropped.get(split, 0),
        )
        for split in SPLITS
    ]


def _feature(value: str | bytes | int | float) -> tf.train.Feature:
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    if isinstance(value, float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    encoded = value.encode() if isinstance(value, str) else value
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded]))


def _pack(config: dict[str, Any]) -> example_gen_pb2.CustomConfig:
    # As text, for a Struct would turn whole numbers into floats.
    packed = any_pb2.Any()
    packed.Pack(struct_pb2.Value(string_value=json.dumps(config, sort_keys=True)))
    return example_gen_pb2.CustomConfig(custom_config=packed)


def _unpack(exec_properties: dict[str, Any]) -> dict[str, Any]:
    custom = json_format.Parse(
        exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], example_gen_pb2.CustomConfig()
    )
    text = struct_pb2.Value()
    custom.custom_config.Unpack(text)
    return json.loads(text.string_value)
