"""Lambda's Runtime API on loopback: runs the handler in AWS's own loop, without AWS.

The other side of `awslambdaric`, for tests, benchmarks and trying an image's content. It gives one
event after the other and takes what the runtime makes of it.

    with running(python, model_folder) as (api, process):
        place, answer = api.invoke({"instances": [...]})
"""

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HANDLER = "serving.aws_lambda.handler.handle"
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
RESPONSE = f"/invocation/{REQUEST_ID}/response"
ERROR = f"/invocation/{REQUEST_ID}/error"
INIT_ERROR = "/init/error"
"""Where a runtime posts what became of an event, or that it could not begin."""

_ROOT = Path(__file__).resolve().parents[2]
_API = "/2018-06-01/runtime"
_PATIENCE = 60.0  # seconds


class RuntimeApi:
    """A server of the API, on a port that the system chooses."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, float]] = queue.Queue()
        self._told: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.ready = threading.Event()
        """Set when a runtime has begun and asks for its first event."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event: Any, seconds: float = 30.0) -> tuple[str, Any]:
        """Gives an event and waits for what becomes of it.

        Args:
          event: anything that JSON knows; a string is sent as it is.
          seconds: that the runtime is told it has.

        Returns:
          where the runtime posted, and what.

        Raises:
          queue.Empty: nothing came.
        """
        self._events.put((event if isinstance(event, str) else json.dumps(event), seconds))
        return self.told()

    def told(self) -> tuple[str, Any]:
        """Waits for what the runtime posts next; the rest is as in `invoke`."""
        return self._told.get(timeout=_PATIENCE)

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        events, told, ready = self._events, self._told, self.ready

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one piece: the runtime acknowledges two after 40 ms

            def handle(self) -> None:
                # A runtime is ended while it waits for an event.
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def do_GET(self) -> None:
                ready.set()
                event, seconds = events.get()
                deadline = str(int(1000 * (time.time() + seconds)))
                self._answer(
                    200,
                    event.encode(),
                    {
                        "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
                        "Lambda-Runtime-Deadline-Ms": deadline,
                    },
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.put((self.path.removeprefix(_API), json.loads(body)))
                self._answer(202, b"{}", {})

            def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                # An event without a type is never answered: the runtime does not come back.
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Says nothing."""

        return Handler


@contextlib.contextmanager
def running(
    python: str, model_folder: Path, **environment: str
) -> Iterator[tuple[RuntimeApi, subprocess.Popen[bytes]]]:
    """Runs the handler in `awslambdaric`.

    Args:
      python: an interpreter with the packages of the image.
      model_folder: as the handler takes it.
      **environment: more variables.
    """
    api = RuntimeApi()
    process = subprocess.Popen(
        [python, "-m", "awslambdaric", HANDLER],
        cwd=_ROOT,
        env={
            **os.environ,
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "MODEL_FOLDER": str(model_folder),
            **environment,
        },
    )
    try:
        yield api, process
    finally:
        process.terminate()
        process.wait()
        api.close()
