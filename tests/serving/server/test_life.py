"""The server over time: versions that change, configurations that change, and its end."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc

from serving.server.model_server import ModelServer, ServerOptions
from serving.server.servable import Servable
from serving.signatures import LOGGED_LATENCY_MS

COMMAND = [sys.executable, "-m", "serving.server", "--port=ephemeral", "--rest_api_port=ephemeral"]
ADDRESS = re.compile(r"serving model (\S+): grpc=(\S+) rest=(\S+)\n")
BODY = {"instances": ["abc"]}


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=20)


def states(url: str) -> dict[str, str]:
    told = get(f"{url}/v1/models/lines").json()["model_version_status"]
    return {status["version"]: status["state"] for status in told}


class Load:
    """Clients of both protocols that ask without a pause and count what they get."""

    def __init__(self, rest_url: str, grpc_address: str) -> None:
        self.outcomes: Counter = Counter()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=ask, args=(address,))
            for ask, address in ((self._rest, rest_url), (self._grpc, grpc_address))
            for _ in range(2)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let each client ask no further."""
        self._stop.set()

    def stop(self) -> None:
        self.end()
        for thread in self._threads:
            thread.join()

    def _rest(self, url: str) -> None:
        with httpx.Client(trust_env=False, timeout=20) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post(f"{url}/v1/models/lines:predict", json=BODY)
                except httpx.TransportError as error:
                    self.outcomes[f"REST {type(error).__name__}"] += 1
                    time.sleep(0.01)
                else:
                    self.outcomes[f"REST {answer.status_code}"] += 1

    def _grpc(self, address: str) -> None:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "lines"
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([b"abc"]))
        with grpc.insecure_channel(address) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            while not self._stop.is_set():
                answered = stub.Predict.future(request, timeout=20)
                self.outcomes[f"gRPC {answered.code().name}"] += 1


def test_versions_change_under_load_and_no_request_fails(saved_model: Path, tmp_path: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "1")
    options = ServerOptions(poll_seconds=0.05, load_retries=1, load_retry_seconds=0.1)
    with ModelServer("lines", tmp_path, options=options) as server:
        server.wait_until_available(20)
        load = Load(server.rest_url, server.grpc_address)
        (tmp_path / "2").mkdir()
        (tmp_path / "2" / "saved_model.pb").write_bytes(b"corrupt")
        eventually(lambda: states(server.rest_url).get("2") == "END")
        assert states(server.rest_url)["1"] == "AVAILABLE"
        for version in ("3", "4", "5"):
            shutil.copytree(saved_model, tmp_path / f"draft-{version}")
            (tmp_path / f"draft-{version}").rename(tmp_path / version)
            eventually(lambda version=version: states(server.rest_url).get(version) == "AVAILABLE")
        eventually(lambda: states(server.rest_url)["4"] == "END")
        shutil.rmtree(tmp_path / "5")  # rolls back
        eventually(lambda: states(server.rest_url)["4"] == "AVAILABLE")
        load.stop()
    assert set(load.outcomes) == {"REST 200", "gRPC OK"}
    assert min(load.outcomes.values()) > 5


def test_a_model_that_hangs_does_not_hold_the_end(
    saved_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(saved_model, tmp_path / "1")
    released, asked = threading.Event(), threading.Semaphore(0)
    original = Servable.run

    def hang(self: Servable, call: Any) -> Any:
        asked.release()
        released.wait(60)
        return original(self, call)

    with ModelServer("lines", tmp_path, options=ServerOptions(grace_seconds=0.5)) as server:
        server.wait_until_available(20)
        monkeypatch.setattr(Servable, "run", hang)
        load = Load(server.rest_url, server.grpc_address)
        for _ in range(4):
            assert asked.acquire(timeout=20)
        load.end()
        started = time.monotonic()
    assert time.monotonic() - started < 10
    released.set()
    load.stop()
    assert "REST 200" not in load.outcomes


def test_clients_that_go_on_are_answered_or_refused_but_never_cut_off(
    saved_model: Path, tmp_path: Path
) -> None:
    shutil.copytree(saved_model, tmp_path / "1")
    outcomes: Counter = Counter()
    for _ in range(3):
        with ModelServer("lines", tmp_path, options=ServerOptions(grace_seconds=20)) as server:
            server.wait_until_available(20)
            load = Load(server.rest_url, server.grpc_address)
            time.sleep(0.5)
        load.stop()
        outcomes += load.outcomes
    # Neither CANCELLED nor a reset: who is refused may ask another server.
    assert set(outcomes) <= {"REST 200", "REST ConnectError", "gRPC OK", "gRPC UNAVAILABLE"}
    assert min(outcomes["REST 200"], outcomes["gRPC OK"]) > 5


@contextlib.contextmanager
def process(*flags: str) -> Iterator[tuple[Any, str, str, list[str]]]:
    """Run the server and give the process, its addresses and what it says."""
    running = subprocess.Popen([*COMMAND, *flags], stderr=subprocess.PIPE, text=True)
    said: list[str] = []
    try:
        for line in running.stderr:
            if match := ADDRESS.fullmatch(line):
                break
        listener = threading.Thread(target=lambda: said.extend(running.stderr))
        listener.start()
        yield running, match[2], match[3], said
    finally:
        running.kill()
        running.wait()
        listener.join()


@pytest.fixture
def configured(saved_model: Path, tmp_path: Path) -> Path:
    """A configuration file of one model that is logged."""
    shutil.copytree(saved_model, tmp_path / "lines" / "7")
    file = tmp_path / "models.config"
    file.write_text(f"""model_config_list {{ config {{
      name: 'lines' base_path: '{tmp_path / "lines"}' model_platform: 'tensorflow'
      logging_config {{
        log_collector_config {{ type: 'file' filename_prefix: '{tmp_path / "log" / "lines"}' }}
        sampling_config {{ sampling_rate: 1 }}
      }}
    }} }}""")
    return file


@pytest.mark.slow
def test_a_process_from_its_first_answer_to_its_last(configured: Path, tmp_path: Path) -> None:
    flags = [
        f"--model_config_file={configured}",
        "--model_config_file_poll_wait_seconds=0.1",
        f"--access_log={tmp_path / 'access.log'}",
        "--drain_seconds=3",
        "--grace_seconds=20",
        "--enable_grpc_healthcheck_service",
    ]
    started = time.monotonic()
    with process(*flags) as (running, address, url, said):
        assert get(f"{url}/livez").status_code == 200
        assert get(f"{url}/v1/models/lines").status_code in (200, 404)
        assert time.monotonic() - started < 10, "it answers before TensorFlow is there"
        eventually(lambda: get(f"{url}/readyz").status_code == 200, 60)
        second = configured.read_text().replace("name: 'lines'", "name: 'second'")
        first = configured.read_text()
        configured.write_text(first.rstrip()[:-1] + second[second.index("config {") :])
        eventually(lambda: get(f"{url}/v1/models/second").status_code == 200, 60)
        load = Load(url, address)
        time.sleep(0.5)
        running.send_signal(signal.SIGTERM)
        eventually(lambda: unready(url))
        # As a load balancer does, which asks elsewhere once the server says that it is not ready.
        load.stop()
        assert running.poll() is None, "it stopped before its time to drain was over"
        assert running.wait(20) == 0
    assert load.outcomes["REST 200"] > 20
    assert load.outcomes["gRPC OK"] > 20
    # Whoever asked before or while it drained was answered.
    assert set(load.outcomes) == {"REST 200", "gRPC OK"}
    assert not [line for line in said if "Traceback" in line]
    lines = [json.loads(line) for line in (tmp_path / "access.log").read_text().splitlines()]
    assert {"GRPC", "REST"} == {line["entrypoint"] for line in lines}
    files = [str(path) for path in (tmp_path / "log").glob("*.tfrecord")]
    record = next(iter(tf.data.TFRecordDataset(files).as_numpy_iterator()))
    log = prediction_log_pb2.PredictionLog.FromString(record)
    outputs = log.predict_log.response.outputs
    assert outputs["text"].string_val[0] == b"read 3"
    assert outputs[LOGGED_LATENCY_MS].float_val[0] > 0.0


def unready(url: str) -> bool:
    """Tell whether the server says that it stops, or has stopped."""
    try:
        answer = get(f"{url}/readyz")
    except httpx.TransportError:
        return True
    return answer.status_code == 503 and answer.headers["connection"] == "close"
