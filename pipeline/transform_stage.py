"""Stage 3: Transform synthesises the picture of each line in graph."""

import dataclasses

from tfx.components import Transform
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.proto import transform_pb2

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code
from pipeline.span_check_stage import SpanChecking
from pipeline.validate_stage import Validation
from schema.splits import SPLITS, TRAIN
from transforms.preprocessing import SYNTHESIS_CONFIG


def transform(
    examples: BaseComponent,
    validation: Validation,
    span_checking: SpanChecking,
    config: PipelineConfig,
) -> Transform:
    """Makes the Transform, which waits for the checks of the data."""
    component = Transform(
        examples=examples.outputs["examples"],
        schema=validation.schema_gen.outputs["schema"],
        preprocessing_fn=config.task.preprocessing_fn,
        splits_config=transform_pb2.SplitsConfig(analyze=[TRAIN], transform=list(SPLITS)),
        custom_config={
            SYNTHESIS_CONFIG: dataclasses.asdict(config.synthesis),
            "version": hash_code(config.task.preprocessing_fn.rpartition(".")[0]),
        },
        disable_statistics=True,  # those of the ingested examples tell as much
    )
    component.add_upstream_node(validation.validator)
    component.add_upstream_node(span_checking.checker)
    return component
