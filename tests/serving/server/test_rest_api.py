import asyncio
import base64
import contextlib
import gzip
import json
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from schema.errors import InputError
from serving.server.model_server import ModelServer, Server
from serving.server.rest_api import RestApi, RestOptions
from serving.server.servable import Servable
from serving.server.telemetry import Telemetry
from serving.try_page import find_file

PREDICT = "/v1/models/lines:predict"


@pytest.fixture(scope="module")
def http(server: ModelServer) -> Any:
    with httpx.Client(base_url=server.rest_url, trust_env=False, timeout=20) as client:
        yield client


def in_process(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def b64(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode()}


def test_predict_by_row(http: httpx.Client) -> None:
    body = {"instances": [{"image_bytes": b64(b"abc")}, {"image_bytes": b64(b"\xff")}]}
    response = http.post(PREDICT, json=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    first, second = response.json()["predictions"]
    assert first == {"text": "read 3", "confidence": 0.3}
    assert second == {"text": "read 1", "confidence": 0.1}


def test_predict_by_column(http: httpx.Client) -> None:
    body = {"signature_name": "double", "inputs": {"x": [[1, 2.5]], "n": [3]}}
    response = http.post("/v1/models/lines/versions/7:predict", json=body)
    assert response.json() == {"outputs": {"doubled": [[2.0, 5.0]], "n": [3], "total": 3.5}}


def test_a_single_output_drops_its_name_and_bytes_are_base64(http: httpx.Client) -> None:
    body = {"signature_name": "echo", "instances": [b64(b"\x00\xff")]}
    assert http.post(PREDICT, json=body).json() == {"predictions": [b64(b"\x00\xff")]}


def test_infinite_numbers_pass_both_ways(http: httpx.Client) -> None:
    body = b'{"signature_name": "double", "inputs": {"x": [[NaN, -Infinity]], "n": [1]}}'
    response = http.post(PREDICT, content=body)
    assert b'"doubled": [[NaN, -Infinity]]' in response.content


def test_a_gzip_body_is_decompressed(http: httpx.Client) -> None:
    body = gzip.compress(json.dumps({"instances": [b64(b"abc")]}).encode())
    response = http.post(PREDICT, content=body, headers={"Content-Encoding": "gzip"})
    assert response.json()["predictions"][0]["text"] == "read 3"


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        (
            "/v1/models/m:predict",
            {"instances": [1]},
            404,
            "Servable not found for request: Latest(m)",
        ),
        ("/v1/models/lines/versions/8:predict", {"instances": [1]}, 404, "Specific(lines, 8)"),
        ("/v1/models/lines/labels/x:predict", {"instances": [1]}, 400, "label: x"),
        (
            "/v1/models/lines/versions/9999999999999999999:predict",
            {"instances": [1]},
            400,
            "to num",
        ),
        ("/v1/models/lines:classify", {}, 400, "key 'examples' is expected"),
        (
            "/v1/models/lines:classify",
            {"examples": [{"x": 1}]},
            400,
            "Expected classification signature method_name to be tensorflow/serving/classify",
        ),
        ("/v1/models/lines:explain", {}, 400, "Malformed request"),
        ("/v1/models/lines", {}, 400, "Malformed request: POST /v1/models/lines"),
        ("/v1/modelz", {}, 400, "Malformed request: POST /v1/modelz"),
        ("/v2/models/lines", {}, 404, "Not found"),
        (PREDICT, {}, 400, "Missing 'inputs' or 'instances' key"),
        (PREDICT, {"instances": [1], "signature_name": "s"}, 400, 'key "s" not found'),
        (PREDICT, {"instances": [1]}, 400, "instances[0]: expected a string"),
        (PREDICT, {"instances": [{"x": 1}]}, 400, "expected an object with {image_bytes}"),
        (PREDICT, {"signature_name": "checked", "inputs": [-1.0]}, 400, "not positive"),
        (
            PREDICT,
            {"signature_name": "double", "instances": [{"x": [1, 2], "n": 1}]},
            400,
            "scalars without a batch axis",
        ),
    ],
)
def test_refusals(http: httpx.Client, path: str, body: Any, status: int, message: str) -> None:
    response = http.post(path, json=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["error"]
    assert message in response.json()["error"]


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"{", "identity", "JSON Parse error"),
        (b"plain", "gzip", "not valid gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", "ends too early"),
        (b"{}", "br", "Content-Encoding: expected gzip, got br"),
    ],
)
def test_bad_bodies(http: httpx.Client, content: bytes, encoding: str, message: str) -> None:
    response = http.post(PREDICT, content=content, headers={"Content-Encoding": encoding})
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_a_body_beyond_the_limit_is_refused_in_every_form(http: httpx.Client) -> None:
    large = b" " * 200_000
    pieces = (large[:50_000] for _ in range(4))  # sent in chunks, without a Content-Length
    packed = {"content": gzip.compress(large), "headers": {"Content-Encoding": "gzip"}}
    for sent in ({"content": large}, {"content": pieces}, packed):
        response = http.post(PREDICT, **sent)
        assert response.status_code == 413
        assert response.json() == {"error": "the request body is larger than 100000 bytes"}


@pytest.mark.parametrize("path", ["/v1/models/lines", "/v1/models/lines/versions/7"])
def test_status(http: httpx.Client, path: str) -> None:
    available = {
        "version": "7",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    assert http.get(path).json() == {"model_version_status": [available]}


def test_status_of_what_is_not_there(http: httpx.Client) -> None:
    response = http.get("/v1/models/m")
    assert response.status_code == 404
    assert response.json() == {"error": "Could not find any versions of model m"}
    assert http.get("/v1/models/lines/versions/1").status_code == 404
    assert http.get("/v1/models").json() == {"error": "Missing model name in request."}
    assert http.get(PREDICT).json() == {"error": f"Malformed request: GET {PREDICT}"}


def test_metadata(http: httpx.Client) -> None:
    document = http.get("/v1/models/lines/metadata").json()
    assert document["model_spec"] == {"name": "lines", "signature_name": "", "version": "7"}
    signature = document["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    image = signature["inputs"]["image_bytes"]
    assert image["dtype"] == "DT_STRING"
    assert image["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}]
    assert image["tensor_shape"]["unknown_rank"] is False


class Stub:
    """Stands in for the calls: answers `/v1/slow` when released, fails at `/v1/fault`."""

    def __init__(self) -> None:
        self.release = threading.Event()

    def answer(self, record: Any, method: str, path: str, body: bytes, deadline: Any) -> bytes:
        if path == "/v1/slow":
            self.release.wait(20)
        if path == "/v1/fault":
            raise KeyError("a bug")
        return b'{"done": true}'

    def start(self, *request: Any) -> bool:
        return False


class Ready:
    draining = False

    def why_not_ready(self) -> str:
        return ""


@contextlib.contextmanager
def stubbed(**options: Any) -> Iterator[tuple[Stub, httpx.AsyncClient]]:
    stub = Stub()
    with futures.ThreadPoolExecutor(4) as pool:
        app = RestApi(stub, Ready(), Telemetry(), pool, RestOptions(**options))
        try:
            yield stub, in_process(app)
        finally:
            stub.release.set()


def test_a_slow_model_does_not_hold_up_others() -> None:
    async def ask(stub: Stub, client: httpx.AsyncClient) -> tuple[int, int]:
        slow = asyncio.create_task(client.post("/v1/slow"))
        await asyncio.sleep(0.05)
        status = await client.get("/v1/models/lines")
        assert not slow.done()
        stub.release.set()
        return status.status_code, (await slow).status_code

    with stubbed() as (stub, client):
        assert asyncio.run(ask(stub, client)) == (200, 200)


def test_a_fault_of_the_server_is_a_500() -> None:
    with stubbed() as (_, client):
        response = asyncio.run(client.post("/v1/fault"))
    assert response.status_code == 500
    assert response.json() == {"error": "KeyError: 'a bug'"}


def test_a_request_that_takes_too_long_is_a_504() -> None:
    with stubbed(timeout_seconds=0.05) as (_, client):
        response = asyncio.run(client.post("/v1/slow"))
    assert response.status_code == 504
    assert "Timed out" in response.json()["error"]


def test_too_many_requests_are_a_429() -> None:
    async def ask(stub: Stub, client: httpx.AsyncClient) -> list[int]:
        asked = [asyncio.create_task(client.post("/v1/slow")) for _ in range(5)]
        await asyncio.sleep(0.1)
        stub.release.set()
        return [(await task).status_code for task in asked]

    with stubbed(max_pending=2) as (stub, client):
        assert sorted(asyncio.run(ask(stub, client))) == [200, 200, 429, 429, 429]


def test_a_body_that_does_not_come_is_a_408() -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)
        yield b"}"

    with stubbed(body_seconds=0.05) as (_, client):
        response = asyncio.run(client.post("/v1/models/m:predict", content=drip()))
    assert response.status_code == 408
    assert response.headers["connection"] == "close"


def test_pages_from_elsewhere_may_ask_where_that_is_allowed() -> None:
    with stubbed(cors=True) as (_, client):
        preflight = asyncio.run(client.options("/v1/models/m:predict"))
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    with stubbed() as (_, client):
        response = asyncio.run(client.get("/v1/models/m"))
    assert "access-control-allow-origin" not in response.headers


def test_requests_in_flight_are_answered_before_the_server_stops(
    base_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()
    original = Servable.run

    def slow(self: Servable, *args: Any) -> list[np.ndarray]:
        started.set()
        threading.Event().wait(0.3)
        return original(self, *args)

    monkeypatch.setattr(Servable, "run", slow)
    with futures.ThreadPoolExecutor(1) as pool:
        with ModelServer("lines", base_path, grpc_port=0) as server:
            server.wait_until_available(20)
            url = f"{server.rest_url}{PREDICT}"
            asked = pool.submit(httpx.post, url, json={"instances": ["a"]}, trust_env=False)
            assert started.wait(10)
        assert asked.result().status_code == 200


def test_answers_do_not_wait_for_delayed_acknowledgements(http: httpx.Client) -> None:
    seconds = [http.get("/v1/models/lines").elapsed.total_seconds() for _ in range(20)]
    assert min(seconds[1:]) < 0.03


def test_a_taken_port_is_refused(server: ModelServer) -> None:
    port = httpx.URL(server.rest_url).port
    with (
        pytest.raises(InputError, match="cannot listen on"),
        ModelServer("lines", server.base_path, grpc_port=0, rest_port=port),
    ):
        pass


@pytest.fixture(scope="module")
def asked(several: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=several.rest_url, trust_env=False, timeout=20) as client:
        yield client


def test_classify(asked: httpx.Client) -> None:
    body = {"examples": [{"x": 0.25}, {"x": 1.0}]}
    response = asked.post("/v1/models/examples:classify", json=body)
    assert response.json() == {
        "results": [[["yes", 0.25], ["no", 0.75]], [["yes", 1.0], ["no", 0.0]]]
    }


def test_regress_with_context(asked: httpx.Client) -> None:
    body = {"signature_name": "regress", "context": {"offset": 10.0}, "examples": [{"x": 0.5}]}
    response = asked.post("/v1/models/examples/versions/1:regress", json=body)
    assert response.json() == {"results": [11.0]}


def test_examples_of_the_wrong_type(asked: httpx.Client) -> None:
    body = {"signature_name": "regress", "examples": [{"x": "a"}]}
    response = asked.post("/v1/models/examples:regress", json=body)
    assert response.status_code == 400
    assert "x" in response.json()["error"]


def test_labels(asked: httpx.Client) -> None:
    body = {"instances": ["a"]}
    assert asked.post("/v1/models/lines/labels/stable:predict", json=body).status_code == 200
    (status,) = asked.get("/v1/models/lines/labels/stable").json()["model_version_status"]
    assert status["version"] == "7"
    metadata = asked.get("/v1/models/lines/labels/canary/metadata").json()
    assert metadata["model_spec"]["version"] == "8"
    gone = asked.post("/v1/models/lines/labels/gone:predict", json=body)
    assert (gone.status_code, gone.json()) == (
        404,
        {"error": "Servable not found for request: Specific(lines, 5)"},
    )


def test_status_of_several_versions(asked: httpx.Client) -> None:
    told = asked.get("/v1/models/lines").json()["model_version_status"]
    assert [(status["version"], status["state"]) for status in told] == [
        ("8", "AVAILABLE"),
        ("7", "AVAILABLE"),
    ]


@pytest.mark.parametrize("path", ["/", "/main.js", "/style.css"])
def test_a_page_to_try_a_model_on_is_given_out(http: httpx.Client, path: str) -> None:
    file, response = find_file(path), http.get(path)
    assert (response.status_code, response.content) == (200, file.content)
    assert response.headers["content-type"] == file.content_type


def test_life_and_readiness(asked: httpx.Client, tmp_path: Path) -> None:
    assert asked.get("/livez").json() == {"status": "live"}
    assert asked.get("/readyz").json() == {"status": "ready"}
    assert asked.post("/readyz").status_code == 404
    with ModelServer("lines", tmp_path, grpc_port=0) as server:
        response = httpx.get(f"{server.rest_url}/readyz", trust_env=False)
        assert (response.status_code, response.json()) == (
            503,
            {"error": "no version serves of lines"},
        )
        assert httpx.get(f"{server.rest_url}/livez", trust_env=False).status_code == 200


def test_metrics_have_the_names_of_the_original(asked: httpx.Client, http: httpx.Client) -> None:
    asked.post("/v1/models/lines/versions/7:predict", json={"instances": ["a"]})
    asked.post("/v1/models/lines/versions/7:predict", json={"instances": [1]})
    asked.post("/v1/models/examples:classify", json={"examples": [{"x": 0.5}]})
    response = asked.get("/monitoring/prometheus/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    samples = dict(line.rsplit(" ", 1) for line in response.text.splitlines() if line[0] != "#")
    serving = ":tensorflow:serving:"
    assert int(samples[f'{serving}request_count{{model_name="lines",status="OK"}}']) >= 1
    for name in (
        'request_count_by_version{model_name="lines",version="7",status="INVALID_ARGUMENT"}',
        'request_latency_count{model_name="lines",API="Predict",entrypoint="REST"}',
        'request_latency_bucket{model_name="lines",API="Predict",entrypoint="REST",le="10"}',
        'runtime_latency_count{model_name="lines",API="Predict",runtime="TF1"}',
        'request_example_counts_sum{model="examples"}',
        'request_example_count_total{model="examples"}',
    ):
        assert f"{serving}{name}" in samples
    assert http.get("/monitoring/prometheus/metrics").status_code == 404
