"""A small server of Google Cloud Storage's JSON API, as far as our client's requests go."""

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
PAGE = 3
"""Objects in an answer to a listing: few, so that every test turns pages."""


@dataclass
class Contents:
    """What the server holds: bucket -> name -> (generation, bytes)."""

    url: str = ""
    buckets: dict[str, dict[str, tuple[int, bytes]]] = field(default_factory=dict)
    refused: int | None = None
    """The status that every request gets, where it is set."""
    generation: int = 1_700_000_000_000_000
    uploads: dict[str, str] = field(default_factory=dict)

    def put(self, bucket, name, content):
        self.generation += 1
        self.buckets[bucket][name] = (self.generation, content)
        return self.generation


@contextmanager
def run_gcs():
    contents = Contents()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Handler", (_Handler,), {"contents": contents})
    )
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    contents.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield contents
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _crc(content):
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


def _describe(name, stored):
    generation, content = stored
    size = str(len(content))
    return {
        "name": name,
        "size": size,
        "generation": str(generation),
        "updated": datetime.fromtimestamp(generation / 1e6, timezone.utc).strftime(_TIME),
        "crc32c": _crc(content),
    }


class _Handler(BaseHTTPRequestHandler):
    contents: Contents
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path, query, _ = self._take()
        bucket, name = self._place(path)
        if self._lacks(bucket):
            return
        if name is None:
            self._list(self.contents.buckets[bucket], query)
        else:
            self._download(self.contents.buckets[bucket].get(name), query)

    def do_DELETE(self):
        path, _, _ = self._take()
        bucket, name = self._place(path)
        if not self._lacks(bucket):
            gone = self.contents.buckets[bucket].pop(name, None)
            self._answer(404 if gone is None else 204)

    def do_POST(self):
        path, query, body = self._take()
        bucket, _ = self._place(path)
        if self._lacks(bucket):
            return
        if query["uploadType"] == "resumable":
            name = json.loads(body)["name"] if body else query["name"]
            self.contents.uploads[token := str(len(self.contents.uploads))] = name
            place = f"{self.contents.url}/upload/storage/v1/b/{bucket}/o?upload_id={token}"
            self._answer(200, headers={"Location": place})
            return
        boundary = self.headers["Content-Type"].split('boundary="')[1].split('"')[0].encode()
        told, content = (
            part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
            for part in body.split(b"--" + boundary)[1:3]
        )
        self._store(bucket, json.loads(told)["name"], content)

    def do_PUT(self):
        path, query, body = self._take()
        bucket, _ = self._place(path)
        if not self._lacks(bucket):
            self._store(bucket, self.contents.uploads.pop(query["upload_id"]), body)

    def _take(self):
        told = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(told.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return told.path, query, body

    def _place(self, path):
        bucket, _, rest = path.partition("/b/")[2].partition("/o")
        return unquote(bucket), unquote(rest[1:]) if rest else None

    def _lacks(self, bucket):
        status = self.contents.refused or (404 if bucket not in self.contents.buckets else None)
        if status is not None:
            self._answer(status, {"error": {"code": status, "message": "not for you"}})
        return status is not None

    def _list(self, objects, query):
        names = sorted(name for name in objects if name.startswith(query.get("prefix", "")))
        start = int(query.get("pageToken", 0))
        page = names[start : start + PAGE]
        told = {"items": [_describe(name, objects[name]) for name in page]}
        if start + PAGE < len(names):
            told["nextPageToken"] = str(start + PAGE)
        self._answer(200, told)

    def _download(self, stored, query):
        if stored is None:
            self._answer(404)
        elif query.get("ifGenerationMatch", str(stored[0])) != str(stored[0]):
            self._answer(412)
        else:
            headers = {"X-Goog-Hash": f"crc32c={_crc(stored[1])}"}
            self._answer(200, stored[1], headers)

    def _store(self, bucket, name, content):
        self.contents.put(bucket, name, content)
        self._answer(200, _describe(name, self.contents.buckets[bucket][name]))

    def _answer(self, status, content=b"", headers=None):
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
            if headers is None:
                self.send_header("Content-Type", "application/json")
        self.end_headers()
        if status != 204:
            self.wfile.write(content)
