"""What the ExampleGens share: splits that are planned together and written without a detour."""

import abc
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import apache_beam as beam
from google.protobuf import any_pb2, json_format, struct_pb2
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.components.example_gen.write_split import DEFAULT_FILE_NAME
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs

from pipeline.lineage import SOURCE_PROPERTY, SUMMARY_PROPERTY
from pipeline.run_result import SplitSummary
from schema.splits import SPLITS

COMPONENT_ID = "LineExampleGen"


class PlannedExecutor(BaseExampleGenExecutor):
    """An executor that plans all splits together and tells what went into each.

    Whoever plans also spreads the work over the workers. TFX's own executor would shuffle the
    examples once more, which holds all of them in memory where the runner is a local one.
    """

    @abc.abstractmethod
    def write_plan(
        self, pipeline: beam.Pipeline, folder: Path, config: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Returns split -> serialised examples."""

    @abc.abstractmethod
    def summarise_plan(self, folder: Path, config: dict[str, Any]) -> list[SplitSummary]:
        """Tells what went into each split."""

    @abc.abstractmethod
    def describe_source(self, folder: Path, config: dict[str, Any]) -> str:
        """Names what is read, for the lineage."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:  # noqa: N802 - TFX's name
        """Never asked for: `GenerateExamplesByBeam` makes all splits."""
        raise NotImplementedError("the splits of lines are planned together")

    def GenerateExamplesByBeam(  # noqa: N802 - TFX's name
        self, pipeline: beam.Pipeline, exec_properties: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Writes the examples of all splits where they are made, and leaves none to TFX."""
        for split, examples in self.write_plan(
            pipeline, *_folder_and_config(exec_properties)
        ).items():
            prefix = f"{artifact_utils.get_split_uri(self._examples, split)}/{DEFAULT_FILE_NAME}"
            writer = beam.io.WriteToTFRecord(prefix, file_name_suffix=".gz")
            _ = examples | f"Write {split} examples" >> writer
        return {}

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the examples, and what went into each split as a property of the artifact."""
        self._examples = output_dict[standard_component_specs.EXAMPLES_KEY]
        super().Do(input_dict, output_dict, exec_properties)
        given = _folder_and_config(exec_properties)
        summaries = self.summarise_plan(*given)
        examples = artifact_utils.get_single_instance(self._examples)
        examples.set_string_custom_property(SOURCE_PROPERTY, self.describe_source(*given))
        examples.set_string_custom_property(
            SUMMARY_PROPERTY, json.dumps([asdict(summary) for summary in summaries])
        )


def make_example_gen(
    folder: Path,
    pattern: str,
    config: dict[str, Any],
    executor: type[PlannedExecutor],
) -> FileBasedExampleGen:
    """Makes the ExampleGen over a folder whose executor decides the splits.

    Args:
      folder: the data.
      pattern: files in it whose change TFX's cache notices.
      config: what the executor is given; part of the cache key.
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


def _folder_and_config(exec_properties: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Returns what `make_example_gen` was given, from an executor's properties."""
    custom = json_format.Parse(
        exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], example_gen_pb2.CustomConfig()
    )
    text = struct_pb2.Value()
    custom.custom_config.Unpack(text)
    folder = Path(exec_properties[standard_component_specs.INPUT_BASE_KEY])
    return folder, json.loads(text.string_value)


def _pack(config: dict[str, Any]) -> example_gen_pb2.CustomConfig:
    # As text, for a Struct would turn whole numbers into floats.
    packed = any_pb2.Any()
    packed.Pack(struct_pb2.Value(string_value=json.dumps(config, sort_keys=True)))
    return example_gen_pb2.CustomConfig(custom_config=packed)
