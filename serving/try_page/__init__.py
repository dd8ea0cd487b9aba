"""The page to try a model on: files for a browser, which the embedded server gives out at `/`.

`index.html` is the page, `main.js` wires `api.js` (the server's public REST API), `picture.js`
(what is sent), `pad.js` (drawing) and `results.js` (what came). The folder works as a static copy
on any other web server too, against a TensorFlow Serving that allows it (`--enable_cors_support`).
"""

import functools
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
_INDEX = "/index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True)
class PageFile:
    """A file of the page."""

    content: bytes
    content_type: str


def find_file(path: str) -> PageFile | None:
    """Returns what is under a path of the server, None for other paths; `/` is the page itself."""
    return _files().get(_INDEX if path == "/" else path)


@functools.cache
def _files() -> dict[str, PageFile]:
    return {
        f"/{file.name}": PageFile(file.read_bytes(), _TYPES[file.suffix])
        for file in _FOLDER.iterdir()
        if file.suffix in _TYPES
    }
