"""Stage 3½, where it is asked for: a search for the hyperparameters that the Trainer takes."""

import dataclasses

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.common.importer import Importer
from tfx.proto import trainer_pb2

from pipeline.config import PipelineConfig, SearchSettings
from pipeline.fingerprint import hash_code
from pipeline.search_tuner import SearchTuner
from schema.splits import TRAIN, VALIDATION
from trainer_module.run_fn import TrainerConfig
from trainer_module.tuner_fn import TunerConfig
from trainer_module.tuning.study import space_as_json

TUNER_FN = "trainer_module.tuner_fn.tuner_fn"


def tune(
    transformed: BaseComponent,
    base_model: Importer | None,
    trainer_config: TrainerConfig,
    settings: SearchSettings,
    config: PipelineConfig,
) -> SearchTuner:
    """Makes the Tuner over the examples that the Trainer will have; it never sees the test split.

    Args:
      transformed: the Transform.
      base_model: what training begins with.
      trainer_config: what the Trainer is told.
      settings: what is searched and how long.
      config: of the run.
    """
    # The trainer's hash leaves out what only searches: both decide what comes of a search.
    version = f"{trainer_config.version}-{hash_code(TUNER_FN.rpartition('.')[0])}"
    tuner_config = TunerConfig(
        trainer=dataclasses.asdict(dataclasses.replace(trainer_config, version=version)),
        algorithm=settings.algorithm,
        space=space_as_json(settings.space),
        limits=dataclasses.asdict(settings.limits),
        folder=str(config.tuning_path),
    )
    return SearchTuner(
        examples=transformed.outputs["transformed_examples"],
        transform_graph=transformed.outputs["transform_graph"],
        base_model=base_model.outputs["result"] if base_model else None,
        tuner_fn=TUNER_FN,
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN], num_steps=config.train_steps),
        eval_args=trainer_pb2.EvalArgs(splits=[VALIDATION]),
        custom_config=dataclasses.asdict(tuner_config),
    ).with_id("Tuner")
