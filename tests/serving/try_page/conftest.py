"""A web server with a static copy of the page, and REST answers made beforehand."""

import base64
import http.server
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from serving.try_page import find_file
from tests.serving.try_page.browser import Tab, find_browser, open_browser

PAGE_ROW = {
    "boxes": [[10.0, 20.0, 50.0, 180.0], [60.0, 20.0, 100.0, 120.0], [-1.0] * 4],
    "texts": ["first <b>line</b>", "second", ""],
    "confidences": [0.95, 0.4, -1.0],
    "count": 2,
}
LINE_ROW = {
    "text": "ab\u0063\u0327d",
    "confidence": 0.6,
    "character_confidences": [0.99, 0.3, 0.2, 0.99, 0.98],
}
CHARACTER_ROW = {
    "character": "a",
    "confidence": 0.8,
    "top_characters": ["a", "o", "d", "e", "u"],
    "top_probabilities": [0.8, 0.1, 0.05, 0.03, 0.004],
}


@dataclass
class FakeServer:
    """What the models answer, and what was asked."""

    url: str = ""
    rows: dict[str, Any] = field(default_factory=dict)
    pictures: list[bytes] = field(default_factory=list)
    refusal: str = ""

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        name, _, what = path.removeprefix("/v1/models/").replace(":", "/").partition("/")
        if name not in self.rows:
            return 404, {"error": f"Servable not found for request: Latest({name})"}
        if what == "metadata":
            outputs = {output: {} for output in self.rows[name]}
            signatures = {"serving_default": {"outputs": outputs}}
            return 200, {"metadata": {"signature_def": {"signature_def": signatures}}}
        if self.refusal:
            return 400, {"error": self.refusal}
        [instance] = json.loads(body)["instances"]
        self.pictures.append(base64.b64decode(instance["image_bytes"]["b64"]))
        return 200, {"predictions": [self.rows[name]]}

    def picture(self) -> Image.Image:
        """The picture that was sent last."""
        return Image.open(io.BytesIO(self.pictures[-1]))


@contextmanager
def serve(fake: FakeServer) -> Iterator[FakeServer]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = find_file(self.path.partition("?")[0])
            if file is not None:
                self.respond(200, file.content, file.content_type)
            else:
                self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = fake.answer(self.path, body)
            self.respond(status, json.dumps(content).encode(), "application/json")

        def respond(self, status: int, content: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        fake.url = f"http://127.0.0.1:{listening.server_port}/"
        yield fake
        listening.shutdown()
        thread.join()


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    rows = {"pages": PAGE_ROW, "lines": LINE_ROW, "characters": CHARACTER_ROW}
    with serve(FakeServer(rows=rows)) as running:
        yield running


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if find_browser() is None:
        pytest.skip("no Chromium is installed")
    with open_browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab
