"""TensorFlow Serving's REST API on top of `versions`, as a starlette application.

`model_server` runs it under uvicorn. The event loop reads requests and writes answers; whatever
takes time (decompression, JSON, the model) happens in a pool of threads.
"""

import asyncio
import functools
import inspect
import json
import logging
import re
import zlib
from concurrent import futures
from typing import Any
from urllib.parse import unquote

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send
from tensorflow_serving.apis import get_model_metadata_pb2

from serving.model_folder import MAX_VERSION
from serving.server import tensor_json
from serving.server.grpc_service import SIGNATURE_DEF, metadata
from serving.server.json_values import TensorJsonError
from serving.server.servable import Code, ServableError
from serving.server.versions import ModelVersions, VersionStatus

_MODEL = (
    r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[0-9]{1,19})|/labels/(?P<label>[^/:]+))?"
)
_CALL = re.compile(_MODEL + r":(?P<verb>classify|regress|predict)", re.IGNORECASE)
_LOOK = re.compile(_MODEL + r"(?P<metadata>/metadata)?", re.IGNORECASE)

_HTTP_STATUS = {
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
_TOO_LARGE = 413

_log = logging.getLogger(__name__)


def create_app(
    versions: ModelVersions,
    pool: futures.Executor,
    max_request_bytes: int,
) -> Starlette:
    """Return the application.

    Args:
      versions: the model.
      pool: runs the requests; who made it shuts it down.
      max_request_bytes: a larger body, as sent or as decompressed, gets status 413.
    """
    app = Starlette(
        routes=[Mount("/v1", RestApi(versions, pool, max_request_bytes))],
        exception_handlers={404: _not_found},
    )
    app.router.redirect_slashes = False
    return app


class RestApi:
    """The ASGI application of everything under `/v1`."""

    def __init__(
        self, versions: ModelVersions, pool: futures.Executor, max_request_bytes: int
    ) -> None:
        self._versions = versions
        self._pool = pool
        self._max_request_bytes = max_request_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            body = await self._read(request)
        except HTTPException as error:
            response = _error(error.status_code, error.detail)
        except ClientDisconnect:
            return  # nobody is left to answer
        else:
            loop = asyncio.get_running_loop()
            work = functools.partial(self._respond, request, body)
            response = await loop.run_in_executor(self._pool, work)
        await response(scope, receive, send)

    async def _read(self, request: Request) -> bytes:
        """Return the body as sent, at most as long as allowed."""
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self._max_request_bytes:
            raise self._too_large()
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_request_bytes:
                raise self._too_large()
        return bytes(body)

    def _respond(self, request: Request, body: bytes) -> Response:
        """Answer in a thread of the pool; every outcome becomes a response."""
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        try:
            content = self._dispatch(request, path, body)
        except HTTPException as error:
            return _error(error.status_code, error.detail)
        except TensorJsonError as error:
            return _error(_HTTP_STATUS[Code.INVALID_ARGUMENT], str(error))
        except ServableError as error:
            return _error(_HTTP_STATUS.get(error.code, _SERVER_ERROR), error.message)
        except Exception as error:  # the boundary: a fault of the server, told and logged
            _log.exception("%s %s failed", request.method, path)
            return _error(_SERVER_ERROR, f"{type(error).__name__}: {error}")
        return Response(content, media_type="application/json")

    def _dispatch(self, request: Request, path: str, body: bytes) -> bytes:
        if request.method == "POST" and (call := _CALL.fullmatch(path)):
            if call["verb"].lower() != "predict":
                raise ServableError(
                    Code.UNIMPLEMENTED, f"the embedded model server has no {call['verb']} method"
                )
            return self._predict(call, self._plain(request, body))
        if request.method == "GET" and (look := _LOOK.fullmatch(path)):
            return self._metadata(look) if look["metadata"] else self._status(look)
        raise ServableError(Code.INVALID_ARGUMENT, f"Malformed request: {request.method} {path}")

    def _predict(self, call: re.Match[str], body: bytes) -> bytes:
        parsed = tensor_json.parse_predict(body)
        with self._versions.lease(*_model_spec(call)) as lease:
            dtypes = lease.servable.input_dtypes(parsed.signature_name)
            inputs = tensor_json.decode_inputs(parsed, dtypes)
            outputs = lease.servable.predict(parsed.signature_name, inputs)
        return tensor_json.encode_outputs(outputs, parsed.by_row)

    def _status(self, look: re.Match[str]) -> bytes:
        name, version, label = _model_spec(look)
        if label:
            with self._versions.lease(name, version, label) as lease:
                version = lease.version
        told = [_status_json(status) for status in self._versions.statuses(name, version)]
        return json.dumps({"model_version_status": told}, indent=1).encode()

    def _metadata(self, look: re.Match[str]) -> bytes:
        name, version, label = _model_spec(look)
        with self._versions.lease(name, version, label) as lease:
            message = metadata(name, lease)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        message.metadata[SIGNATURE_DEF].Unpack(signatures)
        document = {
            "model_spec": _message_json(message.model_spec),
            "metadata": {SIGNATURE_DEF: _message_json(signatures)},
        }
        return json.dumps(document, indent=1).encode()

    def _plain(self, request: Request, body: bytes) -> bytes:
        """Return the body decompressed."""
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding == "identity":
            return body
        if encoding != "gzip":
            raise ServableError(
                Code.INVALID_ARGUMENT, f"Content-Encoding: expected gzip, got {encoding}"
            )
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            plain = unpacker.decompress(body, self._max_request_bytes + 1)
        except zlib.error as error:
            raise ServableError(
                Code.INVALID_ARGUMENT, f"the body is not valid gzip: {error}"
            ) from error
        if len(plain) > self._max_request_bytes:
            raise self._too_large()
        if not unpacker.eof:
            raise ServableError(Code.INVALID_ARGUMENT, "the gzip body ends too early")
        return plain

    def _too_large(self) -> HTTPException:
        return HTTPException(
            _TOO_LARGE, f"the request body is larger than {self._max_request_bytes} bytes"
        )


def _model_spec(match: re.Match[str]) -> tuple[str, int | None, str]:
    """Return the name, version and label that a path asks for."""
    version = None if match["version"] is None else int(match["version"])
    if version is not None and version > MAX_VERSION:
        raise ServableError(
            Code.INVALID_ARGUMENT, f"Failed to convert version: {version} to numeric."
        )
    return unquote(match["name"]), version, unquote(match["label"] or "")


def _status_json(status: VersionStatus) -> dict[str, Any]:
    return {
        "version": str(status.version),
        "state": status.state.name,
        "status": {"error_code": status.code.name, "error_message": status.message},
    }


def _message_json(message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, **{_print_defaults(): True}
    )


@functools.cache
def _print_defaults() -> str:
    """Return the option that prints unset fields; protobuf 5 renamed it."""
    known = inspect.signature(json_format.MessageToDict).parameters
    new = "always_print_fields_with_no_presence"
    return new if new in known else "including_default_value_fields"


def _error(status: int, message: str) -> Response:
    content = json.dumps({"error": message}, ensure_ascii=False).encode(errors="replace")
    return Response(content, status, media_type="application/json")


async def _not_found(request: Request, error: Exception) -> Response:
    return _error(404, f"Not found: {request.method} {request.url.path}")
