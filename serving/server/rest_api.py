"""The REST port as an ASGI application: reads requests, has them answered, writes the answers.

`http_server` runs it under uvicorn. The event loop reads and writes; whatever takes time
(decompression, JSON, the model) happens in a pool of threads. Besides TensorFlow Serving's API
under `/v1` (`rest_calls`) there are `/livez`, `/readyz` and the Prometheus metrics.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent import futures
from dataclasses import dataclass
from typing import Any

from serving import try_page
from serving.server.health import Health
from serving.server.metrics import CONTENT_TYPE
from serving.server.rest_bodies import (
    IDENTITY,
    TIMED_OUT,
    TOO_LARGE,
    Receive,
    RefusedError,
    Scope,
    decompress,
    header,
    read_body,
)
from serving.server.rest_calls import RestCalls
from serving.server.status import Code, ServableError
from serving.server.telemetry import REST, Record, Telemetry

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LIVE_PATH, READY_PATH = "/livez", "/readyz"

_HTTP_STATUS = {
    Code.OK: 200,
    Code.INVALID_ARGUMENT: 400,
    Code.FAILED_PRECONDITION: 400,
    Code.OUT_OF_RANGE: 400,
    Code.UNAUTHENTICATED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.ABORTED: 409,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.CANCELLED: 499,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}
_SERVER_ERROR = 500
_SMALL_BYTES = 1 << 16
_JSON = "application/json"
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "content-type, content-encoding",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestOptions:
    """How the port behaves.

    Args:
      max_request_bytes: a larger body, as sent or as decompressed, gets status 413.
      timeout_seconds: a request that is not answered within this gets status 504.
      body_seconds: a body that is not there within this gets status 408.
      max_pending: requests that may be worked on or wait; further ones get status 429.
      metrics_path: of the Prometheus text; None for none.
      cors: whether pages from elsewhere may ask.
    """

    max_request_bytes: int = 64 << 20
    timeout_seconds: float = 30.0
    body_seconds: float = 30.0
    max_pending: int = 1024
    metrics_path: str | None = None
    cors: bool = False


@dataclass(frozen=True)
class Answer:
    """What goes back to the client."""

    status: int
    content: bytes
    content_type: str = _JSON


class RestApi:
    """The ASGI application.

    Args:
      calls: answers what is under `/v1`.
      health: says whether the server is ready.
      telemetry: gets a record of each request.
      pool: runs the calls; who made it shuts it down.
      options: everything else.
    """

    def __init__(
        self,
        calls: RestCalls,
        health: Health,
        telemetry: Telemetry,
        pool: futures.Executor,
        options: RestOptions = RestOptions(),
    ) -> None:
        self._calls = calls
        self._health = health
        self._telemetry = telemetry
        self._pool = pool
        self._options = options
        self._pending = 0  # of the event loop alone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        if scope["method"] == "OPTIONS" and self._options.cors:
            answer = Answer(200, b"")
        elif path[:4].lower() == "/v1/":
            client = scope.get("client") or ("", "")
            record = Record(REST, peer=":".join(map(str, client)))
            answer = await self._answer(scope, path, receive, record)
            record.bytes_out = len(answer.content)
            self._telemetry.close(record)
        else:
            answer = self._own(scope["method"], path)
        await self._send(send, answer)

    def _own(self, method: str, path: str) -> Answer:
        """Answers what TensorFlow Serving has under other paths, and what it lacks."""
        if method not in ("GET", "HEAD"):
            return _error(404, f"Not found: {method} {path}")
        if path == LIVE_PATH:
            return Answer(200, b'{"status": "live"}')
        if path == READY_PATH:
            why = self._health.why_not_ready()
            return _error(503, why) if why else Answer(200, b'{"status": "ready"}')
        if path == self._options.metrics_path:
            return Answer(200, self._telemetry.text(), CONTENT_TYPE)
        if (file := try_page.find_file(path)) is not None:
            return Answer(200, file.content, file.content_type)
        return _error(404, f"Not found: {method} {path}")

    async def _answer(self, scope: Scope, path: str, receive: Receive, record: Record) -> Answer:
        """Turns every outcome into an answer."""
        limit = self._options.max_request_bytes
        try:
            if self._pending >= self._options.max_pending:
                raise ServableError(
                    Code.RESOURCE_EXHAUSTED, f"{self._pending} requests are waiting already"
                )
            self._pending += 1
            try:
                body = await read_body(scope, receive, limit, self._options.body_seconds)
                record.bytes_in = len(body)
                return Answer(200, await self._work(scope, path, body, record))
            finally:
                self._pending -= 1
        except RefusedError as refusal:
            record.code, record.message = Code.INVALID_ARGUMENT, refusal.message
            return _error(refusal.status, refusal.message)
        except ServableError as error:
            record.code, record.message = error.code, error.message
            return _error(_HTTP_STATUS.get(error.code, _SERVER_ERROR), error.message)
        except Exception as error:  # the boundary: a fault of the server, told and logged
            _log.exception("%s %s failed", scope["method"], path)
            record.code, record.message = Code.INTERNAL, f"{type(error).__name__}: {error}"
            return _error(_SERVER_ERROR, record.message)

    async def _work(self, scope: Scope, path: str, body: bytes, record: Record) -> bytes:
        """Has a request answered by a batch or by a thread of the pool."""
        seconds = self._options.timeout_seconds
        deadline = time.monotonic() + seconds
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[bytes] = loop.create_future()

        def settle(content: bytes, error: BaseException | None) -> None:
            if answered.done():
                return
            if error is None:
                answered.set_result(content)
            else:
                answered.set_exception(error)

        def tell(content: bytes, failure: BaseException | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended without this answer
                loop.call_soon_threadsafe(settle, content, failure)

        def work() -> None:
            content, failure = b"", None
            try:
                content = self._call(scope, path, body, record, deadline)
            except Exception as error:
                failure = error
            tell(content, failure)

        # `run_in_executor` and `wait` would do, and take twice as long.
        late = ServableError(Code.DEADLINE_EXCEEDED, "Timed out waiting for the model")
        timer = loop.call_later(seconds, settle, b"", late)
        try:
            # What is small is sooner read than handed to another thread.
            if not (
                len(body) <= _SMALL_BYTES
                and header(scope, b"content-encoding", IDENTITY).lower() == IDENTITY
                and self._calls.start(record, scope["method"], path, body, deadline, tell)
            ):
                self._pool.submit(work)
            return await answered
        finally:
            timer.cancel()

    def _call(self, scope: Scope, path: str, body: bytes, record: Record, deadline: float) -> bytes:
        plain = decompress(scope, body, self._options.max_request_bytes)
        return self._calls.answer(record, scope["method"], path, plain, deadline)

    async def _send(self, send: Send, answer: Answer) -> None:
        headers = {
            "content-type": answer.content_type,
            "content-length": str(len(answer.content)),
        }
        if self._options.cors:
            headers |= {"access-control-allow-origin": "*", **_PREFLIGHT}
        if self._health.draining or answer.status in (TOO_LARGE, TIMED_OUT):
            # Of a refused body the rest may still come; a client of a server that stops shall
            # not send its next request on this connection.
            headers["connection"] = "close"
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": answer.content})


def _error(status: int, message: str) -> Answer:
    content = json.dumps({"error": message}, ensure_ascii=False).encode(errors="replace")
    return Answer(status, content)
