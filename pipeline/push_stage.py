"""Stage 7: a blessed model goes where the model server looks for versions."""

from tfx.components import Pusher
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.proto import pusher_pb2

from pipeline.config import PipelineConfig


def push(
    trainer: BaseComponent,
    evaluator: BaseComponent,
    infra_validator: BaseComponent,
    config: PipelineConfig,
) -> Pusher:
    """Makes the Pusher, which asks for both blessings."""
    return Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=infra_validator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(
                base_directory=str(config.serving_path)
            )
        ),
    )
