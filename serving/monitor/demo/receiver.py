"""A webhook receiver on loopback that keeps what it gets."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

_MOST_BYTES = 10 << 20


class Receiver:
    """What has arrived.

    Args:
      url: to post to.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.arrived: queue.Queue[dict[str, Any]] = queue.Queue()

    def wait(self, seconds: float) -> dict[str, Any] | None:
        """Returns the next message; None where none comes in time."""
        try:
            return self.arrived.get(timeout=seconds)
        except queue.Empty:
            return None


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listens on an ephemeral port of loopback while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            try:
                receiver.arrived.put(json.loads(self.rfile.read(min(size, _MOST_BYTES))))
                status = 200
            except ValueError:
                status = 400
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Says nothing on standard error."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/alerts")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
