"""Stage 6: the candidate is loaded by a model server and asked real questions before the push."""

from typing import ClassVar

from tfx.dsl.components.base import executor_spec
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.proto import infra_validator_pb2
from tfx.types import BaseChannel, Channel, standard_artifacts, standard_component_specs
from tfx.types.component_spec import ExecutionParameter

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code
from pipeline.infra.executor import CODE_VERSION, SERVER, SERVER_VERSION, AskingExecutor
from pipeline.infra.server_choice import DOCKER, IMAGE_NAME, IMAGE_TAG, ChosenServer, choose_server

LOAD_SECONDS = 120
"""For the server to start and load: the embedded one takes 5 to 10 s on two cores."""


class AskingInfraValidatorSpec(standard_component_specs.InfraValidatorSpec):
    """InfraValidator's, with what tells the cache of another server or other questions."""

    PARAMETERS: ClassVar = {
        **standard_component_specs.InfraValidatorSpec.PARAMETERS,
        SERVER: ExecutionParameter(type=str),
        SERVER_VERSION: ExecutionParameter(type=str),
        CODE_VERSION: ExecutionParameter(type=str),
    }


class AskingInfraValidator(BaseComponent):
    """In place of TFX's: the candidate answers real questions, without Docker where there is none.

    No subclass of TFX's, which compilers for Kubeflow refuse.

    Args:
      model: the candidate.
      examples: transformed ones; those of the test split are asked.
      task: that the model learned, which becomes its name in the server.
      server: that loads it.
    """

    SPEC_CLASS = AskingInfraValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(AskingExecutor)

    def __init__(
        self, model: BaseChannel, examples: BaseChannel, task: str, server: ChosenServer
    ) -> None:
        parameters = {
            SERVER: server.kind,
            SERVER_VERSION: server.version,
            CODE_VERSION: hash_code(AskingExecutor.__module__),
        }
        spec = AskingInfraValidatorSpec(
            model=model,
            examples=examples,
            blessing=Channel(type=standard_artifacts.InfraBlessing),
            serving_spec=make_serving_spec(task, server),
            validation_spec=infra_validator_pb2.ValidationSpec(
                max_loading_time_seconds=LOAD_SECONDS, num_tries=1
            ),
            **parameters,
        )
        super().__init__(spec=spec)


def make_serving_spec(task: str, server: ChosenServer) -> infra_validator_pb2.ServingSpec:
    """Returns the server in TFX's words, which have none for a local process: no platform."""
    spec = infra_validator_pb2.ServingSpec(
        tensorflow_serving=infra_validator_pb2.TensorFlowServing(
            image_name=IMAGE_NAME, tags=[IMAGE_TAG]
        ),
        model_name=task,
    )
    if server.kind == DOCKER:
        spec.local_docker.SetInParent()
    return spec


def infra_validate(
    transformed: BaseComponent, trainer: BaseComponent, config: PipelineConfig
) -> AskingInfraValidator:
    """Makes the InfraValidator with the server that this machine has."""
    return AskingInfraValidator(
        model=trainer.outputs["model"],
        examples=transformed.outputs["transformed_examples"],
        task=config.task.name,
        server=choose_server(),
    ).with_id("InfraValidator")
