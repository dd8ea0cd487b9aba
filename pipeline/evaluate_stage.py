"""Stage 5: the candidate and the model that serves are measured on the test split."""

from typing import NamedTuple

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.types import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing, PushedModel

from pipeline.champion import ChampionStrategy
from pipeline.config import PipelineConfig
from pipeline.evaluation.eval_config import make_eval_config
from pipeline.evaluation.gated_evaluator import GatedEvaluator
from pipeline.fingerprint import hash_code
from pipeline.pushes import MODEL_KEY, PUSHED_MODEL_KEY


class Evaluation(NamedTuple):
    """The components of the stage."""

    resolver: Resolver
    evaluator: GatedEvaluator


def evaluate(
    transformed: BaseComponent,
    trainer: BaseComponent,
    config: PipelineConfig,
    reads_metadata: bool = True,
) -> Evaluation:
    """Makes the Resolver of the baseline and the Evaluator, which judges on the test split.

    Args:
      transformed: gives the test split.
      trainer: gives the candidate.
      config: decides the gate.
      reads_metadata: whether stages may; without, the baseline is the latest blessed model.
    """
    resolver = _resolve_champion() if reads_metadata else _resolve_latest_blessed()
    # The executor leads to all that decides a verdict but the metrics, which TFMA imports by name.
    modules = (
        "pipeline.evaluation.gated_evaluator",
        *(module for module, _ in config.task.metrics),
    )
    version = "-".join(map(hash_code, modules))
    evaluator = GatedEvaluator(
        examples=transformed.outputs["transformed_examples"],
        model=trainer.outputs["model"],
        baseline_model=resolver.outputs[MODEL_KEY],
        eval_config=make_eval_config(config.task, config.gate, version),
        task=config.task,
        gate=config.gate,
    ).with_id("Evaluator")
    return Evaluation(resolver, evaluator)


def _resolve_champion() -> Resolver:
    return Resolver(
        strategy_class=ChampionStrategy,
        **{MODEL_KEY: Channel(type=Model), PUSHED_MODEL_KEY: Channel(type=PushedModel)},
    ).with_id("champion")


def _resolve_latest_blessed() -> Resolver:
    return Resolver(
        strategy_class=LatestBlessedModelStrategy,
        **{MODEL_KEY: Channel(type=Model), "model_blessing": Channel(type=ModelBlessing)},
    ).with_id("champion")
