"""Reads the bodies of REST requests: in time, within a limit, and decompressed.

`rest_api` reads with it in the event loop and decompresses in a thread.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from serving.server.status import Code, ServableError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

TIMED_OUT, TOO_LARGE = 408, 413

IDENTITY = "identity"
"""The Content-Encoding of a body that has none."""


class RefusedError(Exception):
    """A body that HTTP itself has a status for.

    Args:
      status: of the answer.
      message: what the client gets to read.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_body(scope: Scope, receive: Receive, limit: int, seconds: float) -> bytes:
    """Returns a body as sent.

    Args:
      scope: of the request.
      receive: gives its pieces.
      limit: bytes that it may have.
      seconds: within which it must be there.

    Raises:
      RefusedError: it is too large or too late.
      ServableError: CANCELLED, the client went away.
    """
    announced = header(scope, b"content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    return await _within(seconds, _read(receive, limit))


def decompress(scope: Scope, body: bytes, limit: int) -> bytes:
    """Returns a body as it was before its Content-Encoding.

    Raises:
      RefusedError: it has more than `limit` bytes then.
      ServableError: INVALID_ARGUMENT, it is encoded otherwise than said, or unknown.
    """
    encoding = header(scope, b"content-encoding", IDENTITY).lower()
    if encoding == IDENTITY:
        return body
    if encoding != "gzip":
        raise _invalid(f"Content-Encoding: expected gzip, got {encoding}")
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise _invalid(f"the body is not valid gzip: {error}") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise _invalid("the gzip body ends too early")
    return plain


def header(scope: Scope, name: bytes, default: str) -> str:
    """Returns a header of a request by its lower-case name."""
    values = (value for key, value in scope["headers"] if key == name)
    found: bytes | None = next(values, None)
    return default if found is None else found.decode("latin-1")


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ServableError(Code.CANCELLED, "the client went away")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def _within(seconds: float, reading: Coroutine[Any, Any, bytes]) -> bytes:
    """Awaits a body for so long; as `wait_for`, but without a task of its own."""
    task, expired = asyncio.current_task(), False

    def expire() -> None:
        nonlocal expired
        expired = True
        if task is not None:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, expire)
    try:
        return await reading
    except asyncio.CancelledError:
        if expired:
            raise RefusedError(TIMED_OUT, "the body did not arrive in time") from None
        raise
    finally:
        timer.cancel()


def _too_large(limit: int) -> RefusedError:
    return RefusedError(TOO_LARGE, f"the request body is larger than {limit} bytes")


def _invalid(message: str) -> ServableError:
    return ServableError(Code.INVALID_ARGUMENT, message)
