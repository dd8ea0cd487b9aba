"""Builds the ingested `tf.train.Example` of a line, and what the two ExampleGens share."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf import any_pb2, json_format, struct_pb2
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils, standard_component_specs

from pipeline.run_result import SplitSummary
from schema import features
from schema.splits import SPLITS
from transforms.image_facts import ImageFacts

COMPONENT_ID = "LineExampleGen"

SUMMARY_PROPERTY = "split_summaries"
"""Custom property of the Examples artifact: `SplitSummary` records as JSON."""


def make_example(
    sample_id: str,
    text: str,
    source: str,
    vocabulary: str,
    facts: ImageFacts,
    glyphs: bytes = b"",
    image: bytes = b"",
    seed: int = 0,
) -> tf.train.Example:
    """Builds the example of a line: of its glyph stack and seed, or of its picture."""
    values: dict[str, Any] = {
        features.SAMPLE_ID: sample_id,
        features.TEXT: text,
        features.SOURCE: source,
        features.VOCABULARY: vocabulary,
        features.TEXT_LENGTH: len(text),
        features.IMAGE_HEIGHT: facts.height,
        features.IMAGE_WIDTH: facts.width,
        features.ASPECT: facts.aspect,
        features.INK_RATIO: facts.ink_ratio,
        features.BRIGHTNESS_MEAN: facts.brightness_mean,
        features.BRIGHTNESS_DEVIATION: facts.brightness_deviation,
        features.SHARPNESS: facts.sharpness,
        features.GLYPHS: glyphs,
        features.IMAGE: image,
        features.SEED: seed,
    }
    return tf.train.Example(
        features=tf.train.Features(feature={key: _feature(value) for key, value in values.items()})
    )


def make_example_gen(
    folder: Path,
    pattern: str,
    config: dict[str, Any],
    executor: type[BaseExampleGenExecutor],
) -> FileBasedExampleGen:
    """Makes the ExampleGen over a folder whose executor decides the splits.

    Args:
      folder: the data.
      pattern: files in it whose change TFX's cache notices.
      config: what the executor finds with `unpack_config`; part of the cache key.
      executor: makes the examples.
    """
    return FileBasedExampleGen(
        input_base=str(folder),
        input_config=example_gen_pb2.Input(
            splits=[example_gen_pb2.Input.Split(name="source", pattern=pattern)]
        ),
        output_config=example_gen_pb2.Output(
            split_config=example_gen_pb2.SplitConfig(
                # TFX wants bucket counts although the executor does not split by buckets.
                splits=[
                    example_gen_pb2.SplitConfig.Split(name=split, hash_buckets=1)
                    for split in SPLITS
                ]
            )
        ),
        custom_config=_pack(config),
        custom_executor_spec=executor_spec.BeamExecutorSpec(executor),
    ).with_id(COMPONENT_ID)


def unpack_config(exec_properties: dict[str, Any]) -> dict[str, Any]:
    """Returns the `config` of `make_example_gen` from an executor's properties."""
    custom = json_format.Parse(
        exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], example_gen_pb2.CustomConfig()
    )
    text = struct_pb2.Value()
    custom.custom_config.Unpack(text)
    return json.loads(text.string_value)


def input_folder(exec_properties: dict[str, Any]) -> Path:
    """Returns the `folder` of `make_example_gen` from an executor's properties."""
    return Path(exec_properties[standard_component_specs.INPUT_BASE_KEY])


def keep_summaries(output_dict: dict[str, list[Artifact]], summaries: list[SplitSummary]) -> None:
    """Writes what went into each split to the Examples artifact."""
    examples = artifact_utils.get_single_instance(
        output_dict[standard_component_specs.EXAMPLES_KEY]
    )
    examples.set_string_custom_property(
        SUMMARY_PROPERTY, json.dumps([asdict(summary) for summary in summaries])
    )


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
