"""A server of Google Cloud Storage, as far as the clients of the tests ask; imports none of ours.

Those are Google's own, which Beam uses too, and TensorFlow's: JSON, objects by their plain path,
uploads in one piece, in two parts and resumable ones in chunks, copies, and batches of requests.

    python gcs_api.py CERTIFICATE

serves as a process of its own, for TensorFlow's client keeps Python waiting where it is used; as a
proxy too, behind which it is every host itself. Prints its address, and ends when its standard
input does.
"""

import base64
import json
import re
import ssl
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

PAGE = 3
"""Objects in an answer to a listing: few, so that every test turns pages."""
TOKEN = "a-token"
"""What who shows a key gets."""

_JSON = {"Content-Type": "application/json"}
_API = r"(?:/upload|/download)?/storage/v1/b/"
_OBJECT = re.compile(_API + r"(?P<bucket>[^/]+)(?:/o(?:/(?P<name>[^/]+))?)?")
_COPY = re.compile(_API + r"([^/]+)/o/([^/]+)/(?:copyTo|rewriteTo)/b/([^/]+)/o/([^/]+)")


@dataclass
class Upload:
    """A resumable one: where it goes, and what has come so far."""

    bucket: str
    name: str
    content: bytearray = field(default_factory=bytearray)


@dataclass
class Contents:
    """What the server holds: bucket -> name -> (generation, bytes)."""

    url: str = ""
    buckets: dict[str, dict[str, tuple[int, bytes]]] = field(default_factory=dict)
    refused: int | None = None
    """The status that every request gets, where it is set."""
    wants_token: bool = False
    """Whether who shows no `TOKEN` is refused."""
    generation: int = 1_700_000_000_000_000
    uploads: dict[str, Upload] = field(default_factory=dict)
    changing: threading.RLock = field(default_factory=threading.RLock)

    def put(self, bucket, name, content):
        with self.changing:
            self.generation += 1
            self.buckets[bucket][name] = (self.generation, bytes(content))
            return self.generation


@dataclass
class Request:
    """One that came over a connection, or as a part of a batch."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    base: str
    """What the client calls this server, as in "https://www.googleapis.com"."""

    def __post_init__(self):
        told = urlsplit(self.target)
        self.path = told.path
        self.query = {key: values[0] for key, values in parse_qs(told.query).items()}
        self.headers = {key.lower(): value for key, value in self.headers.items()}


@dataclass
class Answer:
    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def answer(contents, request):
    if request.path.startswith("/oauth2/") or request.path == "/token":
        return _json({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
    if request.path == "/control":
        return _control(contents, request)
    if request.path.startswith("/batch/"):
        return _batch(contents, request)
    shown = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    if contents.wants_token and shown != TOKEN:
        return _refuse(401)
    with contents.changing:
        return _Api(contents, request).answer()


def _control(contents, request):
    """Sets what the request's body tells, for who runs the server; tells the objects' names."""
    told = json.loads(request.body or b"{}")
    for name in told.pop("buckets", ()):
        contents.buckets.setdefault(name, {})
    for name, value in told.items():
        setattr(contents, name, value)
    return _json({bucket: sorted(objects) for bucket, objects in contents.buckets.items()})


def _json(told, status=200):
    return Answer(status, json.dumps(told).encode(), dict(_JSON))


def _refuse(status):
    return _json({"error": {"code": status, "message": "not for you"}}, status)


def _time(generation):
    """Google's generations are microseconds, and so are ours."""
    return datetime.fromtimestamp(generation / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _crc(content):
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


class _Api:
    """Answers one request."""

    def __init__(self, contents, request):
        self._contents, self._request, self._query = contents, request, request.query

    def answer(self):
        path = self._request.path
        if copied := _COPY.fullmatch(path):
            source, name, target, new_name = map(unquote, copied.groups())
            return self._lacks(source) or self._copy(source, name, target, new_name)
        if found := _OBJECT.fullmatch(path):
            bucket, name = unquote(found["bucket"]), found["name"] and unquote(found["name"])
        else:  # by its plain path
            bucket, _, name = path.lstrip("/").partition("/")
            name = unquote(name)
            self._query["alt"] = "media"
        return self._lacks(bucket) or self._answer_bucket(bucket, name)

    def _lacks(self, bucket):
        there = bucket in self._contents.buckets
        status = self._contents.refused or (None if there else 404)
        return None if status is None else _refuse(status)

    def _answer_bucket(self, bucket, name):
        method = self._request.method
        if method == "POST":
            return self._begin_upload(bucket)
        if method == "PUT":
            return self._take_chunk()
        objects = self._contents.buckets[bucket]
        if method == "DELETE":
            return Answer(204) if objects.pop(name, None) else _refuse(404)
        if name is None:
            listing = self._request.path.endswith("/o")
            return self._list(bucket) if listing else _json({"name": bucket, "location": "US"})
        if name not in objects:
            return _refuse(404)
        if self._query.get("ifGenerationMatch", str(objects[name][0])) != str(objects[name][0]):
            return _refuse(412)
        if self._query.get("alt") == "media":
            return self._download(*objects[name])
        return _json(self._describe(bucket, name))

    def _describe(self, bucket, name):
        generation, content = self._contents.buckets[bucket][name]
        return {
            "kind": "storage#object",
            "bucket": bucket,
            "name": name,
            "size": str(len(content)),
            "generation": str(generation),
            "updated": _time(generation),
            "crc32c": _crc(content),
        }

    def _list(self, bucket):
        prefix, delimiter = self._query.get("prefix", ""), self._query.get("delimiter")
        entries = {}
        for name in sorted(self._contents.buckets[bucket]):
            if name.startswith(prefix):
                head, cut, _ = name[len(prefix) :].partition(delimiter or "\0")
                entries.setdefault(prefix + head + cut if cut else name, bool(cut))
        names = list(entries)
        start = int(self._query.get("pageToken", 0))
        size = min(PAGE, int(self._query.get("maxResults", PAGE)))
        page = names[start : start + size]
        told = {
            "items": [self._describe(bucket, name) for name in page if not entries[name]],
            "prefixes": [name for name in page if entries[name]],
        }
        told = {key: value for key, value in told.items() if value}
        if start + size < len(names):
            told["nextPageToken"] = str(start + size)
        return _json(told)

    def _download(self, generation, content):
        headers = {"X-Goog-Generation": str(generation)}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self._request.headers.get("range", ""))
        if asked is None:
            return Answer(200, content, headers | {"X-Goog-Hash": f"crc32c={_crc(content)}"})
        first = int(asked[1])
        if first >= len(content):
            return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        part = content[first : int(asked[2] or len(content)) + 1]
        told = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        return Answer(206, part, headers | {"Content-Range": told})

    def _copy(self, source, name, target, new_name):
        if name not in self._contents.buckets[source]:
            return _refuse(404)
        self._contents.put(target, new_name, self._contents.buckets[source][name][1])
        described = self._describe(target, new_name)
        if "/copyTo/" in self._request.path:
            return _json(described)
        size = described["size"]
        told = {"done": True, "resource": described, "objectSize": size}
        return _json(told | {"totalBytesRewritten": size})

    def _begin_upload(self, bucket):
        kind, body = self._query["uploadType"], self._request.body
        if kind == "media":
            return self._store(bucket, self._query["name"], body)
        if kind == "resumable":
            name = json.loads(body)["name"] if body else self._query["name"]
            self._contents.uploads[token := str(len(self._contents.uploads))] = Upload(bucket, name)
            place = f"{self._request.base}/upload/storage/v1/b/{bucket}/o?upload_id={token}"
            return Answer(200, b"", {"Location": place})
        boundary = self._request.headers["content-type"].split('boundary="')[1].split('"')[0]
        told, content = (
            part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
            for part in body.split(b"--" + boundary.encode())[1:3]
        )
        return self._store(bucket, json.loads(told)["name"], content)

    def _take_chunk(self):
        upload = self._contents.uploads[self._query["upload_id"]]
        told = self._request.headers.get("content-range", "")
        if first := re.match(r"bytes (\d+)-", told):
            del upload.content[int(first[1]) :]
        upload.content += self._request.body
        total = told.rpartition("/")[2]
        if total == "*" or (total and int(total) > len(upload.content)):
            last = len(upload.content) - 1
            return Answer(308, b"", {"Range": f"bytes=0-{last}"} if upload.content else {})
        return self._store(upload.bucket, upload.name, upload.content)

    def _store(self, bucket, name, content):
        self._contents.put(bucket, name, content)
        return _json(self._describe(bucket, name))


def _batch(contents, request):
    """Answers each request of a batch, as parts of one answer."""
    boundary = re.search(r'boundary="?([^";]+)', request.headers["content-type"])[1]
    parts = []
    for part in request.body.split(b"--" + boundary.encode())[1:-1]:
        _, _, inner = part.lstrip().partition(b"\n\n" if b"\r\n" not in part else b"\r\n\r\n")
        parts.append(answer(contents, _parse(inner.decode().strip("\r\n"), request)))
    body = b"".join(_as_part(number, part) for number, part in enumerate(parts))
    return Answer(
        200, body + b"--of-batch--", {"Content-Type": "multipart/mixed; boundary=of-batch"}
    )


def _parse(text, outer):
    lines = text.replace("\r\n", "\n").split("\n")
    method, target, _ = lines[0].split(" ", 2)
    end = lines.index("") if "" in lines else len(lines)
    headers = dict(line.split(": ", 1) for line in lines[1:end])
    headers.setdefault("authorization", outer.headers.get("authorization", ""))
    body = "\n".join(lines[end + 1 :]).encode()
    return Request(method, target, headers, body, outer.base)


def _as_part(number, part):
    # A part without any content is one that Google's client cannot read.
    content = part.content or b"{}"
    return (
        (
            "--of-batch\r\nContent-Type: application/http\r\n"
            f"Content-ID: <response-{number}>\r\n\r\n"
            f"HTTP/1.1 {part.status} Told\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        ).encode()
        + content
        + b"\r\n"
    )


class _Handler(BaseHTTPRequestHandler):
    contents: Contents
    tls: ssl.SSLContext | None
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        """Is the host that a client wants to speak to."""
        self.send_response(200)
        self.end_headers()
        self.request = self.tls.wrap_socket(self.request, server_side=True)
        self.setup()
        self.close_connection = False

    def finish(self):
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.request.close()  # the server knows only what was wrapped

    def _answer(self):
        body = self._read_body()
        behind_proxy = isinstance(self.request, ssl.SSLSocket)
        base = f"https://{self.headers['Host']}" if behind_proxy else self.contents.url
        request = Request(self.command, self.path, dict(self.headers), body, base)
        told = answer(self.contents, request)
        self.send_response(told.status)
        for key, value in told.headers.items():
            self.send_header(key, value)
        if told.status != 204:
            self.send_header("Content-Length", str(len(told.content)))
        self.end_headers()
        if told.status != 204:
            self.wfile.write(told.content)

    def _read_body(self):
        # TensorFlow's client tells both, and means this.
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def do_PUT(self):
        self._answer()

    def do_DELETE(self):
        self._answer()


@contextmanager
def serve(tls=None):
    """Serves on a port of this machine; with `tls` it is a proxy too."""
    contents = Contents()
    handler = type("Handler", (_Handler,), {"contents": contents, "tls": tls})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
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


def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[1])
    with serve(tls) as contents:
        sys.stdout.write(f"{contents.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
