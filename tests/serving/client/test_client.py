import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from serving import grpc_calls, grpc_stubs
from serving.client import (
    Reading,
    ServingError,
    ask_grpc,
    ask_rest,
    predict_grpc,
    wait_for_model,
)
from serving.client.errors import RefusedError
from serving.server.model_server import ModelServer

EXPECTED = [Reading("read 3", 0.3), Reading("read 1", 0.1)]


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Run an HTTP server that gives one answer to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as fake:
        thread = threading.Thread(target=fake.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{fake.server_port}"
        fake.shutdown()
        thread.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_waiting_ends_when_the_model_is_loaded(server: ModelServer) -> None:
    wait_for_model(server.rest_url, "lines", 20)


def test_waiting_for_what_never_comes_says_why(server: ModelServer) -> None:
    with pytest.raises(ServingError, match=r"'other': not available after 0.1 s: .*not find"):
        wait_for_model(server.rest_url, "other", 0.1)
    with pytest.raises(ServingError, match="not available after 0 s"):
        wait_for_model(f"http://127.0.0.1:{free_port()}", "lines", 0)


def test_both_protocols_read_the_same(server: ModelServer) -> None:
    images = [b"abc", b"\xff"]
    assert ask_rest(server.rest_url, "lines", images, 20) == EXPECTED
    assert ask_grpc(server.grpc_address, "lines", images, 20) == EXPECTED


@pytest.mark.parametrize("ask", [ask_rest, ask_grpc])
def test_a_wrong_model_name_is_one_line(server: ModelServer, ask: Callable) -> None:
    target = server.rest_url if ask is ask_rest else server.grpc_address
    with pytest.raises(ServingError) as caught:
        ask(target, "other", [b"a"], 20)
    assert "Servable not found for request: Latest(other)" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ask", [ask_rest, ask_grpc])
def test_a_refused_connection_is_one_line(ask: Callable) -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(ServingError) as caught:
        ask(f"http://{address}" if ask is ask_rest else address, "lines", [b"a"], 5)
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_url_is_one_line() -> None:
    with pytest.raises(ServingError, match="no model server answers"):
        ask_rest("127.0.0.1:1", "lines", [b"a"], 5)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (502, b"<html>\nbad gateway</html>", "expected JSON, got status 502"),
        (503, b'{"error": "loading"}', "503 loading"),
        (200, b'{"outputs": []}', "expected 1 predictions"),
        (200, b'{"predictions": []}', "expected 1 predictions, got 0 predictions"),
        (200, b'{"predictions": ["a"]}', "expected text and confidence, got a"),
        (200, b'{"predictions": [{"text": "a"}]}', "expected text and confidence"),
        (200, b"[]", "expected 1 predictions"),
    ],
)
def test_a_wrong_answer_is_one_line(status: int, body: bytes, message: str) -> None:
    with answering(status, body) as url, pytest.raises(ServingError) as caught:
        ask_rest(url, "lines", [b"a"], 5)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (
            {"text": np.array([b"a"], object), "confidence": np.zeros(2, np.float32)},
            "outputs for 1 pictures",
        ),
        ({"text": np.array([b"\xff"], object)}, "not UTF-8"),
    ],
)
def test_wrong_grpc_outputs_are_named(monkeypatch, outputs: dict, message: str) -> None:
    monkeypatch.setattr(grpc_calls, "predict", lambda *_, **__: outputs)
    with pytest.raises(ServingError, match=rf"^here:1 model 'm': .*{message}") as caught:
        predict_grpc("here:1", "m", [b""], 1)
    assert "\n" not in str(caught.value)


def test_columns_become_the_rows_of_rest(monkeypatch) -> None:
    columns = {
        "texts": np.array([["é".encode(), b""]], object),
        "confidences": np.array([[0.1, -1.0]], np.float32),
        "count": np.array([1], np.int32),
    }
    monkeypatch.setattr(grpc_calls, "predict", lambda *_, **__: columns)
    # The float32 nearest to 0.1 is written as 0.1 in JSON.
    assert predict_grpc("here:1", "m", [b""], 1) == [
        {"texts": ["é", ""], "confidences": [0.1, -1.0], "count": 1}
    ]


def test_a_message_too_large_is_refused_and_not_sent_again(monkeypatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise grpc_calls.CallError("Sent message larger than max (9 vs. 4)", "RESOURCE_EXHAUSTED")

    monkeypatch.setattr(grpc_calls, "predict", fail)
    with pytest.raises(RefusedError, match="larger than max"):
        predict_grpc("here:1", "m", [b""], 1)


def test_missing_packages_are_named(monkeypatch) -> None:
    def fail() -> None:
        raise ImportError("no module named tensorflow_serving")

    monkeypatch.setattr(grpc_stubs, "load_stubs", fail)
    with pytest.raises(ServingError, match=r"tensorflow-serving-api.*or ask over REST"):
        predict_grpc("here:1", "m", [b""], 1)


@pytest.mark.parametrize("ask", ["ask_rest", "ask_grpc"])
def test_asking_imports_no_tensorflow(ask: str) -> None:
    script = f"""
import json, sys
from serving.client import ServingError, {ask}
try:
    {ask}("127.0.0.1:{free_port()}", "lines", [b"a"], 5)
except ServingError:
    print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    modules = json.loads(done.stdout)
    assert ("httpx" if ask == "ask_rest" else "grpc") in modules
    assert "tensorflow" not in modules
