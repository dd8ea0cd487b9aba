"""Stage 2: statistics of every split, held against the curated schema; an anomaly stops the run."""

from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from tensorflow_data_validation import StatsOptions
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components import ExampleValidator, StatisticsGen
from tfx.components.example_validator.executor import Executor
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base import executor_spec
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.types import Channel, artifact_utils, standard_artifacts, standard_component_specs
from tfx.types.component_spec import ExecutionParameter

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_files
from pipeline.span_check.histograms import QUANTILES
from schema.errors import InputError

_ANOMALIES_FILE = "SchemaDiff.pb"


class CuratedSchemaGenSpec(standard_component_specs.ImportSchemaGenSpec):
    """ImportSchemaGen's, with a hash that tells the cache of another content of the same file."""

    PARAMETERS: ClassVar = {
        **standard_component_specs.ImportSchemaGenSpec.PARAMETERS,
        "schema_hash": ExecutionParameter(type=str),
    }


class CuratedSchemaGen(ImportSchemaGen):
    """ImportSchemaGen that notices an edited schema."""

    SPEC_CLASS = CuratedSchemaGenSpec

    def __init__(self, schema_file: Path) -> None:
        spec = CuratedSchemaGenSpec(
            schema_file=str(schema_file),
            schema_hash=hash_files([schema_file]),
            schema=Channel(type=standard_artifacts.Schema),
        )
        # Past ImportSchemaGen, which would make a specification of its own.
        super(ImportSchemaGen, self).__init__(spec=spec)


class Validation(NamedTuple):
    """The components of the stage."""

    schema_gen: CuratedSchemaGen
    statistics_gen: StatisticsGen
    validator: ExampleValidator


class StrictExecutor(Executor):
    """ExampleValidator's executor, which only writes anomalies down, made to stop the run.

    Raises:
      InputError: a split has anomalies; the first of each split is named.
    """

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> Any:
        """Validates, then looks at what was found."""
        output = super().Do(input_dict, output_dict, exec_properties)
        anomalies = output_dict[standard_component_specs.ANOMALIES_KEY]
        artifact = artifact_utils.get_single_instance(anomalies)
        found = [
            description
            for split in artifact_utils.decode_split_names(artifact.split_names)
            for description in describe_anomalies(
                split, Path(artifact_utils.get_split_uri(anomalies, split)) / _ANOMALIES_FILE
            )
        ]
        if found:
            raise InputError(
                f"expected examples that fit the curated schema, got {len(found)} anomalies: "
                f"{'; '.join(found[:3])}: mend the data, or the schema where it is too narrow"
            )
        return output


class StrictExampleValidator(ExampleValidator):
    """ExampleValidator whose anomalies stop the run."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(StrictExecutor)


def describe_anomalies(split: str, path: Path) -> list[str]:
    """Returns one phrase an anomaly of a split, from the file that ExampleValidator wrote."""
    anomalies = anomalies_pb2.Anomalies.FromString(path.read_bytes())
    found = [
        f"{split}: {feature}: {info.description}"
        for feature, info in sorted(anomalies.anomaly_info.items())
    ]
    if anomalies.HasField("dataset_anomaly_info"):
        found.append(f"{split}: {anomalies.dataset_anomaly_info.description}")
    return found


def validate(examples: BaseComponent, config: PipelineConfig) -> Validation:
    """Makes the three components over the ingested examples."""
    schema_gen = CuratedSchemaGen(config.task.schema_file).with_id("ImportSchemaGen")
    schema = schema_gen.outputs["schema"]
    # The schema marks the glyph bytes as images, which keeps them out of the value counts.
    statistics_gen = StatisticsGen(
        examples=examples.outputs["examples"],
        schema=schema,
        stats_options=StatsOptions(
            num_quantiles_histogram_buckets=QUANTILES,
            # Exact up to 16,384 different values. Without it each different text and sample id is
            # counted, in memory.
            use_sketch_based_topk_uniques=True,
        ),
    )
    validator = StrictExampleValidator(
        statistics=statistics_gen.outputs["statistics"], schema=schema
    ).with_id("ExampleValidator")
    return Validation(schema_gen, statistics_gen, validator)
