"""InfraValidator's executor with a local process beside Docker, and with an eye on the answers.

TFX's own knows Docker and Kubernetes only, counts every answer as a good one, and keeps the reason
of a failure to its log. `pipeline.infra_validate_stage` runs this one in its place.
"""

import contextlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import logging
from docker.errors import DockerException, NotFound
from tfx.components.infra_validator import error_types, executor, serving_bins
from tfx.components.infra_validator.model_server_runners.base_runner import BaseModelServerRunner
from tfx.components.infra_validator.model_server_runners.local_docker_runner import (
    LocalDockerRunner,
)
from tfx.proto import infra_validator_pb2
from tfx.types import Artifact, artifact_utils

from pipeline.infra.answers import WrongAnswer
from pipeline.infra.local_process_runner import LocalProcessRunner
from pipeline.infra.questions import Question, ask, make_questions, wait_until_loaded
from pipeline.infra.server_choice import DOCKER, server_starter
from schema.splits import TEST
from serving.grpc_calls import CallError

QUESTIONS = 8
"""Examples that are asked: enough for a batch, few enough for a slow detector."""

SERVER, SERVER_VERSION, CODE_VERSION = "server", "server_version", "code_version"
"""Parameters of the component beside TFX's; `SERVER` is told on the artifact as well."""

BLESSED, REASON = "blessed", "reason"
"""Custom properties of the InfraBlessing: TFX's, and why it is 0."""

_REASON_LENGTH = 500  # characters
_LAST_LINES = 3
_ENDING_SECONDS = 0.5  # a process is gone only some moments after its socket


class AskingExecutor(executor.Executor):
    """Loads the candidate into a model server, asks it, and writes down what came of it."""

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Does what TFX's does, with the server that the component names."""
        self._server = str(exec_properties[SERVER])
        super().Do(input_dict, output_dict, exec_properties)

    def _Do(  # noqa: N802 - TFX's name
        self,
        model: Artifact,
        examples: Artifact,
        blessing: Artifact,
        serving_spec: infra_validator_pb2.ServingSpec,
        validation_spec: infra_validator_pb2.ValidationSpec,
        request_spec: None,
    ) -> None:
        """Takes the place of TFX's method between reading the parameters and cleaning up."""
        questions = make_questions(Path(artifact_utils.get_split_uri([examples], TEST)), QUESTIONS)
        model_path = self._PrepareModelPath(model, serving_spec)
        runner = make_runner(self._server, model_path, serving_spec)
        logging.info("The candidate is loaded by %r.", runner)
        seconds = validation_spec.max_loading_time_seconds
        reason = find_refusal(runner, serving_spec.model_name, questions, seconds)
        blessing.set_string_custom_property(SERVER, self._server)
        if reason is None:
            executor._mark_blessed(blessing)
        else:
            mark_refused(blessing, f"not servable ({self._server} server): {reason}")


def make_runner(
    server: str, model_path: str, serving_spec: infra_validator_pb2.ServingSpec
) -> BaseModelServerRunner:
    """Returns what runs a server over a version folder; nothing is started yet."""
    if server == DOCKER:
        [binary] = serving_bins.parse_serving_binaries(serving_spec)
        return LocalDockerRunner(model_path, binary, serving_spec)
    base_path = Path(model_path).parent
    return LocalProcessRunner(server, server_starter(server), serving_spec.model_name, base_path)


def find_refusal(
    runner: BaseModelServerRunner, task: str, questions: Sequence[Question], load_seconds: float
) -> str | None:
    """Starts the server, asks, and stops it, whatever happens.

    Args:
      runner: of the server, not started.
      task: which is the model's name as well.
      questions: to ask.
      load_seconds: that the server has for starting and loading.

    Returns:
      Why the candidate cannot be pushed, None when it can.
    """
    if not questions:
        return "the test split is empty, there is nothing to ask"
    deadline = time.time() + load_seconds
    try:
        runner.Start()
        runner.WaitUntilRunning(deadline)
        address = runner.GetEndpoint()
        wait_until_loaded(address, task, lambda: runner.WaitUntilRunning(deadline), deadline)
        for question in questions:
            ask(address, task, question)
    except WrongAnswer as error:
        return str(error)
    except CallError as error:
        return _with_last_words(_find_end(runner) or error, runner)
    except (error_types.JobAborted, error_types.DeadlineExceeded, DockerException) as error:
        return _with_last_words(error, runner)
    finally:
        with contextlib.suppress(NotFound):  # a container that ended has removed itself
            runner.Stop()
    return None


def mark_refused(blessing: Artifact, reason: str) -> None:
    """Writes a refusal on the artifact, and keeps TFX's cache from repeating it.

    A candidate may be refused for what has nothing to do with it, such as a machine short of
    memory: another run asks anew.
    """
    logging.error("%s", reason)
    blessing.set_int_custom_property(BLESSED, 0)
    blessing.set_string_custom_property(REASON, " ".join(reason.split())[:_REASON_LENGTH])
    # The cache passes over executions whose artifacts are gone.
    shutil.rmtree(blessing.uri)


def _find_end(runner: BaseModelServerRunner) -> error_types.JobAborted | None:
    """Returns how the server ended, if that is why it does not answer."""
    time.sleep(_ENDING_SECONDS)
    try:
        runner.WaitUntilRunning(time.time() + _ENDING_SECONDS)
    except error_types.JobAborted as ended:
        return ended
    return None


def _with_last_words(error: Exception, runner: BaseModelServerRunner) -> str:
    try:
        said = (runner.GetLogs() or "").splitlines()[-_LAST_LINES:]
    except DockerException:  # the container has gone, and its log with it
        said = []
    return f"{error}; its last words: {' | '.join(said)}" if said else str(error)
