"""Candidates in real server processes: one is blessed, the others are refused with a reason."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from docker.errors import NotFound
from google.protobuf.json_format import MessageToJson
from tfx.components.infra_validator.error_types import GracefulShutdown, JobAborted
from tfx.components.infra_validator.model_server_runners import local_docker_runner
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import infra_validator_pb2
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.artifact_utils import encode_split_names, verify_artifacts

from pipeline.infra.executor import SERVER, AskingExecutor, find_refusal, make_runner
from pipeline.infra.local_process_runner import LocalProcessRunner
from pipeline.infra.server_choice import DOCKER, EMBEDDED, TENSORFLOW_MODEL_SERVER, ChosenServer
from pipeline.infra_validate_stage import make_serving_spec
from serving.grpc_calls import CallError

slow = pytest.mark.slow


def artifact(kind, folder):
    made = kind()
    made.uri = str(folder)
    return made


@pytest.fixture
def validate(tmp_path, examples_folder):
    """Runs the executor; returns the InfraBlessing."""

    def run(model_folder, server, load_seconds=60):
        examples = artifact(standard_artifacts.Examples, examples_folder)
        examples.split_names = encode_split_names(["train", "test"])
        blessing = artifact(standard_artifacts.InfraBlessing, tmp_path / "blessing")
        Path(blessing.uri).mkdir()
        spec = make_serving_spec("lines", ChosenServer(server, "1"))
        limits = infra_validator_pb2.ValidationSpec(max_loading_time_seconds=load_seconds)
        context = BaseExecutor.Context(tmp_dir=str(tmp_path / "tmp"), unique_id="1")
        try:
            AskingExecutor(context).Do(
                {
                    standard_component_specs.MODEL_KEY: [
                        artifact(standard_artifacts.Model, model_folder)
                    ],
                    standard_component_specs.EXAMPLES_KEY: [examples],
                },
                {standard_component_specs.BLESSING_KEY: [blessing]},
                {
                    standard_component_specs.SERVING_SPEC_KEY: MessageToJson(spec),
                    standard_component_specs.VALIDATION_SPEC_KEY: MessageToJson(limits),
                    SERVER: server,
                },
            )
        finally:
            assert not list((tmp_path / "tmp").rglob("saved_model.pb")), "a copy is left"
        return blessing

    return run


def refusal(blessing):
    """The reason of a refused candidate, whose artifact must not satisfy the cache."""
    assert blessing.get_int_custom_property("blessed") == 0
    with pytest.raises(RuntimeError, match="is missing"):
        verify_artifacts(blessing)  # as TFX does before it takes an artifact from the cache
    reason = blessing.get_string_custom_property("reason")
    assert "\n" not in reason
    return reason


def assert_gone(pid):
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@slow
def test_a_candidate_that_answers_is_blessed(validate, candidate):
    blessing = validate(candidate(), EMBEDDED)
    assert blessing.get_string_custom_property("reason") == ""
    assert blessing.get_int_custom_property("blessed") == 1
    assert blessing.get_string_custom_property("server") == EMBEDDED
    assert (Path(blessing.uri) / "INFRA_BLESSED").is_file()


@slow
def test_a_candidate_that_answers_nan_is_refused(validate, candidate):
    assert refusal(validate(candidate(confidence=float("nan")), EMBEDDED)) == (
        "not servable (embedded server): serving_examples: expected confidence as finite numbers, "
        "got nan"
    )


@slow
def test_the_real_server_is_started_with_its_own_flags(validate, candidate, model_server):
    flags = model_server()
    blessing = validate(candidate(signatures=["serving_examples"]), TENSORFLOW_MODEL_SERVER)
    pid, *given = flags.read_text().split()
    assert_gone(int(pid))
    names, values = zip(*(flag.split("=") for flag in given), strict=True)
    told = dict(zip(names, values, strict=True))
    assert told["--model_name"] == Path(told["--model_base_path"]).name == "lines"
    assert told["--port"] == told["--rest_api_port"] == "0"  # no port, only the socket
    assert not Path(told["--grpc_socket_path"]).parent.exists()
    assert refusal(blessing).startswith(
        "not servable (tensorflow_model_server server): serving_default: expected an answer, got "
        'FAILED_PRECONDITION Serving signature key "serving_default" not found.'
    )


@slow
def test_a_candidate_that_does_not_load_is_refused_at_once(validate, candidate):
    folder = candidate()
    (folder / "Format-Serving" / "saved_model.pb").write_bytes(b"no model")
    started = time.monotonic()
    reason = refusal(validate(folder, EMBEDDED))
    assert time.monotonic() - started < 50  # far from the limit of 60 s
    assert "expected the model to be AVAILABLE, got END OSError: Cannot parse file" in reason


def test_a_candidate_that_kills_the_server_is_refused(validate, candidate, model_server):
    model_server("echo loading version 1; kill -SEGV $$")
    assert refusal(validate(candidate(), TENSORFLOW_MODEL_SERVER)) == (
        "not servable (tensorflow_model_server server): it was killed by SIGSEGV; its last words: "
        "loading version 1"
    )


def test_a_server_that_hangs_is_stopped(validate, candidate, model_server):
    flags = model_server("echo loading version 1; exec sleep 600")
    assert refusal(validate(candidate(), TENSORFLOW_MODEL_SERVER, load_seconds=1)) == (
        "not servable (tensorflow_model_server server): it has not begun to listen in time; "
        "its last words: loading version 1"
    )
    assert_gone(int(flags.read_text().split()[0]))


def test_a_server_that_is_not_there_is_told(validate, candidate, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = refusal(validate(candidate(), TENSORFLOW_MODEL_SERVER))
    assert "No such file or directory: 'tensorflow_model_server'" in reason


def test_no_server_is_left_by_an_executor_that_is_interrupted(validate, candidate, model_server):
    flags = model_server("exec sleep 600")

    def interrupt():
        while not (flags.exists() and flags.read_text()):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    killer = threading.Thread(target=interrupt)
    killer.start()
    with pytest.raises(GracefulShutdown):
        validate(candidate(), TENSORFLOW_MODEL_SERVER)
    killer.join()
    assert_gone(int(flags.read_text().split()[0]))


def test_without_questions_no_server_is_started():
    assert "nothing to ask" in find_refusal(None, "lines", [], 1)


def test_a_runner_that_is_not_started_says_so():
    runner = LocalProcessRunner("any", pytest.fail, "lines", Path("/nowhere"))
    with pytest.raises(RuntimeError, match="call Start"):
        runner.WaitUntilRunning(time.time() + 1)
    runner.Stop()


def test_docker_is_left_to_tfx(monkeypatch, tmp_path):
    """Container and image are TFX's business: only the choice of its runner is tried here."""
    monkeypatch.setattr(local_docker_runner.docker, "DockerClient", lambda **_: None)
    spec = make_serving_spec("lines", ChosenServer(DOCKER, "sha256:1"))
    assert spec.WhichOneof("serving_platform") == "local_docker"
    runner = make_runner(DOCKER, str(tmp_path / "lines" / "1"), spec)
    assert repr(runner) == "LocalDockerRunner(image: tensorflow/serving:latest)"


def test_a_local_process_runs_on_no_platform_of_tfx(tmp_path):
    spec = make_serving_spec("lines", ChosenServer(EMBEDDED, "1"))
    assert spec.WhichOneof("serving_platform") is None
    runner = make_runner(EMBEDDED, str(tmp_path / "lines" / "1"), spec)
    assert repr(runner) == "LocalProcessRunner(embedded)"


class Dying:
    """A server that ends while it loads.

    Args:
      gone: what asking for its log, and stopping it, raise.
    """

    def __init__(self, gone=None):
        self.checks = 0
        self.stopped = False
        self.gone = gone

    def Start(self):  # noqa: N802 - TFX's names, here and below
        pass

    def WaitUntilRunning(self, deadline):  # noqa: N802
        self.checks += 1
        if self.checks > 2:
            raise JobAborted("it was killed by SIGKILL")

    def GetEndpoint(self):  # noqa: N802
        return "unix:/nowhere.sock"

    def GetLogs(self):  # noqa: N802
        if self.gone:
            raise self.gone

    def Stop(self):  # noqa: N802
        self.stopped = True
        if self.gone:
            raise self.gone


@pytest.mark.parametrize("gone", [None, NotFound("the container has removed itself")])
def test_a_server_that_ends_while_it_loads_is_noticed(gone):
    server = Dying(gone)
    assert find_refusal(server, "lines", ["a question"], 60) == "it was killed by SIGKILL"
    assert server.stopped


def test_a_server_that_ends_while_it_is_asked_is_noticed(monkeypatch):
    def ask(*_):
        raise CallError("UNAVAILABLE Socket closed")

    monkeypatch.setattr("pipeline.infra.executor.wait_until_loaded", lambda *_: None)
    monkeypatch.setattr("pipeline.infra.executor.ask", ask)
    server = Dying()
    server.checks = 1
    assert find_refusal(server, "lines", ["a question"], 60) == "it was killed by SIGKILL"
    server.checks = -5
    assert find_refusal(server, "lines", ["a question"], 60) == "UNAVAILABLE Socket closed"
