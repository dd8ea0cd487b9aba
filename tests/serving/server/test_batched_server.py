import gzip
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from serving.server.batch_settings import BatchSettings
from serving.server.model_server import ModelServer, ServerOptions
from serving.server.servable import Servable

SETTINGS = BatchSettings(
    max_batch_size=8, max_enqueued_batches=4, threads=1, timeout_seconds=0.005,
    allowed_batch_sizes=(4, 8),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(base_path: Path) -> Iterator[ModelServer]:
    options = ServerOptions(batching=SETTINGS, metrics_path="/metrics", grace_seconds=5)
    with ModelServer("lines", base_path, options=options) as running:
        running.wait_until_available(20)
        yield running


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold the model until it is set."""
    opened, original = threading.Event(), Servable.run

    def held(self: Servable, call: Any) -> Any:
        opened.wait(20)
        return original(self, call)

    monkeypatch.setattr(Servable, "run", held)
    yield opened
    opened.set()


def ask(server: ModelServer, picture: str) -> httpx.Response:
    url = f"{server.rest_url}/v1/models/lines:predict"
    return httpx.post(url, json={"instances": [picture]}, trust_env=False, timeout=20)


def request(*pictures: bytes) -> Any:
    made = predict_pb2.PredictRequest()
    made.model_spec.name = "lines"
    made.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(list(pictures)))
    return made


def test_many_clients_of_both_protocols_get_their_own_answers(server: ModelServer) -> None:
    with futures.ThreadPoolExecutor(24) as pool, grpc.insecure_channel(server.grpc_address) as c:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(c)
        by_rest = [pool.submit(ask, server, "a" * n) for n in range(24)]
        # Without a deadline, as most clients ask.
        by_grpc = [pool.submit(stub.Predict, request(b"a" * n, b"")) for n in range(24)]
        for number, task in enumerate(by_rest):
            (row,) = task.result().json()["predictions"]
            assert row["text"] == f"read {number}"
        for number, task in enumerate(by_grpc):
            texts = list(task.result().outputs["text"].string_val)
            assert texts == [b"read %d" % number, b"read 0"]
    text = httpx.get(f"{server.rest_url}/metrics", trust_env=False).text
    assert ":tensorflow:serving:batching_session:processed_batch_size_count" in text
    assert ":tensorflow:serving:batching_session:queuing_latency_count" in text


def test_an_overrun_is_a_429(server: ModelServer, gate: threading.Event) -> None:
    # One batch runs, 32 rows wait: of 60 requests at least 20 are refused at once.
    with futures.ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(ask, server, "a") for _ in range(60)]
        done, _ = futures.wait(asked, 2)
        gate.set()
        codes = [task.result().status_code for task in asked]
    assert len(done) >= 20
    assert {task.result().status_code for task in done} == {429}
    assert set(codes) == {200, 429}


def test_a_deadline_is_kept(server: ModelServer, gate: threading.Event) -> None:
    with grpc.insecure_channel(server.grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        blocking = stub.Predict.future(request(b"a"))
        late = stub.Predict.future(request(b"b"), timeout=0.2)
        assert late.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        gate.set()
        assert blocking.result(20)


def test_who_does_not_wait_any_longer_holds_no_version(
    base_path: Path, gate: threading.Event
) -> None:
    options = ServerOptions(batching=SETTINGS, rest_timeout_seconds=0.3, grace_seconds=5)
    with ModelServer("lines", base_path, options=options) as running:
        running.wait_until_available(20)
        assert ask(running, "a").status_code == 504
        assert ask(running, "b").status_code == 504
        gate.set()
        assert ask(running, "c").status_code == 200
        started = time.monotonic()
    assert time.monotonic() - started < 4


def test_what_has_no_rows_is_refused_after_its_batch(server: ModelServer) -> None:
    url = f"{server.rest_url}/v1/models/lines:predict"
    body = {"signature_name": "double", "instances": [{"x": [1.0, 2.0], "n": 3}] * 4}
    answer = httpx.post(url, json=body, trust_env=False, timeout=20)
    assert answer.status_code == 400
    assert "without a batch axis" in answer.json()["error"]


def test_a_large_or_compressed_request_is_read_elsewhere(server: ModelServer) -> None:
    assert ask(server, "a" * 100_000).json()["predictions"][0]["text"] == "read 100000"
    url = f"{server.rest_url}/v1/models/lines:predict"
    body, head = gzip.compress(b'{"instances": ["abc"]}'), {"content-encoding": "gzip"}
    answer = httpx.post(url, content=body, headers=head, trust_env=False, timeout=20)
    assert answer.json()["predictions"][0]["text"] == "read 3"


def test_a_bad_request_does_not_spoil_its_batch(server: ModelServer) -> None:
    url = f"{server.rest_url}/v1/models/lines:predict"

    def root(value: float) -> httpx.Response:
        body = {"signature_name": "checked", "instances": [value]}
        return httpx.post(url, json=body, trust_env=False, timeout=20)

    with futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(root, [4.0, -1.0] * 8))
    assert [answer.status_code for answer in answers] == [200, 400] * 8
    assert all("not positive" in answer.json()["error"] for answer in answers[1::2])


def test_more_rows_than_a_batch_holds(server: ModelServer) -> None:
    with grpc.insecure_channel(server.grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        call = stub.Predict.future(request(*[b"a"] * 9), timeout=20)
        assert call.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "Task size 9 is larger" in call.details()
