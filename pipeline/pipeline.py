"""The story of the data, from raw glyphs to a pushed model."""

from collections.abc import Sequence
from pathlib import Path

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration.pipeline import Pipeline

from pipeline.beam.options import IN_PROCESS
from pipeline.config import PipelineConfig
from pipeline.evaluate_stage import evaluate
from pipeline.infra_validate_stage import infra_validate
from pipeline.ingest_stage import ingest
from pipeline.push_stage import push
from pipeline.span_check_stage import check_span
from pipeline.store import CREATE, WRITE, connection_config
from pipeline.train_stage import train
from pipeline.transform_stage import transform
from pipeline.validate_stage import validate

BEAM_ARGS = IN_PROCESS


def create_pipeline(
    config: PipelineConfig,
    beam_args: tuple[str, ...] = BEAM_ARGS,
    reads_metadata: bool = True,
) -> Pipeline:
    """Wires the stages.

    Args:
      config: decides everything.
      beam_args: where the data-parallel work of each stage runs.
      reads_metadata: whether stages may read ML Metadata, which Kubeflow keeps to itself. Without,
        the baseline is the latest blessed model, a span is held against none before it, and a
        training does not know its place in the lineage.
    """
    *before, transformed = _make_examples(config, reads_metadata)
    training = train(transformed, config, reads_metadata)
    evaluation = evaluate(transformed, training.trainer, config, reads_metadata)
    infra_validator = infra_validate(transformed, training.trainer, config)
    pusher = push(training.trainer, evaluation.evaluator, infra_validator, config)
    return _wire(
        config,
        [*before, transformed, *training.components, *evaluation, infra_validator, pusher],
        beam_args,
        config.artifact_root if reads_metadata else str(config.pipeline_root),
    )


def create_data_pipeline(
    config: PipelineConfig, beam_args: tuple[str, ...] = BEAM_ARGS
) -> Pipeline:
    """Wires the stages up to the transformed examples alone; arguments as of `create_pipeline`."""
    return _wire(config, _make_examples(config), beam_args, config.artifact_root)


def _make_examples(config: PipelineConfig, reads_metadata: bool = True) -> list[BaseComponent]:
    """Returns the components that make transformed examples, Transform last."""
    examples = ingest(config)
    validation = validate(examples, config)
    span_checking = check_span(examples, validation, config, reads_metadata)
    transformed = transform(examples, validation, span_checking, config)
    return [examples, *validation, *span_checking.components, transformed]


def _wire(
    config: PipelineConfig, components: Sequence[BaseNode], beam_args: tuple[str, ...], root: str
) -> Pipeline:
    # On a server `claim_database` has made it.
    mode = CREATE if isinstance(config.database, Path) else WRITE
    return Pipeline(
        pipeline_name=config.pipeline_name,
        pipeline_root=root,
        components=list(components),
        enable_cache=True,
        metadata_connection_config=connection_config(config.database, mode),
        beam_pipeline_args=list(beam_args),
    )
