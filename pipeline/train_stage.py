"""Stage 4: the Trainer."""

import dataclasses

from tfx.components import Trainer
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.proto import trainer_pb2

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code
from schema.splits import TRAIN, VALIDATION
from trainer_module.run_fn import TrainerConfig

RUN_FN = "trainer_module.run_fn.run_fn"


def train(transformed: BaseComponent, config: PipelineConfig) -> Trainer:
    """Makes the Trainer over the transformed examples."""
    trainer_config = TrainerConfig(
        symbols=config.alphabet.symbols,
        hyperparameters=dataclasses.asdict(config.hyperparameters),
        seed=config.seed,
        resume_folder=str(config.resume_path),
        version=hash_code(RUN_FN.rpartition(".")[0]),
        dataset=config.dataset,
    )
    return Trainer(
        examples=transformed.outputs["transformed_examples"],
        transform_graph=transformed.outputs["transform_graph"],
        run_fn=RUN_FN,
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN], num_steps=config.train_steps),
        eval_args=trainer_pb2.EvalArgs(splits=[VALIDATION]),
        custom_config=dataclasses.asdict(trainer_config),
    )
