"""Stores with lines, and the application behind a client that keeps cookies as browsers do."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from labeling.app import build_app
from labeling.items import NewItem
from labeling.settings import Settings
from labeling.store import Store


def picture(number: int = 0, width: int = 60) -> bytes:
    """A small PNG that differs with the number."""
    pixels = np.full((20, width), 220, np.uint8)
    pixels[5:12, 5 : width - 5] = 30
    pixels.flat[:4] = np.frombuffer(np.uint32(number).tobytes(), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def lines(count: int, **fields: object) -> Iterator[NewItem]:
    for number in range(count):
        given = {"name": f"line {number}", "source": "test", "prefill": f"text {number}"}
        yield NewItem(picture=picture(number), **{**given, **fields})  # type: ignore[arg-type]


class Annotator(TestClient):
    """A browser with a name."""

    def csrf(self) -> str:
        page = self.get("/").text
        found = re.search(r'name="csrf-token" content="(\w+)"', page)
        assert found is not None
        return found[1]

    def submit(self, path: str, **fields: object):
        return self.post(path, data={"csrf": self.csrf(), **fields}, follow_redirects=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "labels")
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(spans=tmp_path / "spans")


@pytest.fixture
def enter(store: Store, settings: Settings):
    """Gives an annotator of a name before the application."""

    def open_browser(who: str = "ada") -> Annotator:
        browser = Annotator(build_app(store, settings), base_url="http://localhost:8600")
        if who:
            assert browser.submit("/who", who=who).status_code == 303
        return browser

    return open_browser
