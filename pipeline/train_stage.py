"""Stage 4: the Trainer, which may begin with what another model, or a search, has learned."""

import dataclasses
from typing import NamedTuple

from tfx.components import Trainer
from tfx.dsl.components.base import executor_spec
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.importer import Importer
from tfx.proto import trainer_pb2
from tfx.types.standard_artifacts import Model

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code
from pipeline.trainer_executor import DATABASE, LocatedTrainerExecutor
from pipeline.tune_stage import tune
from schema.splits import TRAIN, VALIDATION
from trainer_module.run_fn import TrainerConfig
from trainer_module.variation import Variation

RUN_FN = "trainer_module.run_fn.run_fn"


class LocatedTrainer(Trainer):
    """Trainer whose `run_fn` knows where in the lineage it is."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(LocatedTrainerExecutor)


class Training(NamedTuple):
    """The components of the stage.

    Args:
      before: the model that training begins with and the search for hyperparameters, as far as
        there are such: parts of the lineage.
      trainer: takes what came before.
    """

    before: tuple[BaseNode, ...]
    trainer: Trainer

    @property
    def components(self) -> tuple[BaseNode, ...]:
        """All of them, in order."""
        return (*self.before, self.trainer)


def train(
    transformed: BaseComponent, config: PipelineConfig, reads_metadata: bool = True
) -> Training:
    """Makes the Trainer over the transformed examples.

    Args:
      transformed: gives them.
      config: decides everything.
      reads_metadata: whether stages may; without, the training does not know its place in the
        lineage.
    """
    trainer_config = TrainerConfig(
        task=config.task.name,
        network=config.network,
        symbols=config.alphabet.symbols,
        hyperparameters=dataclasses.asdict(config.hyperparameters),
        variation=dataclasses.asdict(Variation(config.synthesis, config.augmentation)),
        seed=config.seed,
        resume_folder=str(config.resume_path),
        version=hash_code(RUN_FN.rpartition(".")[0]),
        dataset=config.dataset,
        tracking=dataclasses.asdict(config.tracking),
    )
    base_model = _import_model(config)
    tuner = None
    if config.search is not None:
        tuner = tune(transformed, base_model, trainer_config, config.search, config)
    place = {DATABASE: str(config.database)} if reads_metadata else {}
    trainer = (LocatedTrainer if reads_metadata else Trainer)(
        examples=transformed.outputs["transformed_examples"],
        transform_graph=transformed.outputs["transform_graph"],
        base_model=base_model.outputs["result"] if base_model else None,
        hyperparameters=tuner.outputs["best_hyperparameters"] if tuner else None,
        run_fn=RUN_FN,
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN], num_steps=config.train_steps),
        eval_args=trainer_pb2.EvalArgs(splits=[VALIDATION]),
        custom_config=dataclasses.asdict(trainer_config) | place,
    ).with_id(Trainer.__name__)
    return Training(tuple(each for each in (base_model, tuner) if each is not None), trainer)


def _import_model(config: PipelineConfig) -> Importer | None:
    if config.warm_start is None:
        return None
    return Importer(source_uri=str(config.warm_start), artifact_type=Model).with_id("base_model")
