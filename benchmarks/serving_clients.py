"""Clients that cost next to nothing: what is measured with them is the server.

`serving_speed` lets 32 of them ask at a time, all in one thread that sends prepared bytes and
counts answers. A client is a connection with one request on its way. Those for gRPC speak as much
HTTP/2 (RFC 9113) as one call after the other takes; headers are sent without a table (RFC 7541,
6.2.2).
"""

import re
import selectors
import socket
import struct
import time
from collections.abc import Sequence
from typing import Protocol

_PIECE = 1 << 16
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)")

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_FRAME_HEAD, _MAX_FRAME = 9, 16384
_FIRST_WINDOW, _MAX_WINDOW = 65535, 2**31 - 1
_MESSAGE_HEAD = struct.Struct(">BL")  # of gRPC: whether it is compressed, and its length


class Client(Protocol):
    """A connection; `receive` tells whether the answer to the request that was sent is complete."""

    socket: socket.socket

    def send(self, request: bytes) -> None:
        """Sends a request."""

    def receive(self) -> bool:
        """Takes what has come; raises unless the answer is a good one."""


class RestConnection:
    """Asks over HTTP/1.1.

    Args:
      address: host and port.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = _connect(address)
        self._got = b""

    def send(self, request: bytes) -> None:
        """Sends a whole request, head and body."""
        self._got = b""
        self.socket.sendall(request)

    def receive(self) -> bool:
        """As `Client.receive`."""
        self._got += _some(self.socket)
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._got.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"expected a reading, got {self._got[:300]!r}")
        length = _LENGTH.search(self._got, 0, end)
        return len(self._got) >= end + 4 + int(length[1] if length else 0)


class GrpcConnection:
    """Calls one method over HTTP/2.

    Args:
      address: host and port.
      path: of the method.
    """

    def __init__(self, address: tuple[str, int], path: str) -> None:
        self.socket = _connect(address)
        self._headers = _header_block(path)
        self._stream = -1
        self._buffer = b""
        self._answered = False
        window = struct.pack(">L", _MAX_WINDOW - _FIRST_WINDOW)
        self.socket.sendall(_PREFACE + _frame(_SETTINGS) + _frame(_WINDOW, window))

    def send(self, request: bytes) -> None:
        """Sends a serialized message.

        Raises:
          ValueError: it is larger than what a client may send unasked.
        """
        if len(request) + _MESSAGE_HEAD.size > _FIRST_WINDOW:
            raise ValueError(f"expected a request below {_FIRST_WINDOW} bytes, got {len(request)}")
        self._stream += 2
        self._answered = False
        message = _MESSAGE_HEAD.pack(0, len(request)) + request
        parts = [_frame(_HEADERS, self._headers, _END_HEADERS, self._stream)]
        for at in range(0, len(message), _MAX_FRAME):
            last = at + _MAX_FRAME >= len(message)
            piece = message[at : at + _MAX_FRAME]
            parts.append(_frame(_DATA, piece, _END_STREAM if last else 0, self._stream))
        self.socket.sendall(b"".join(parts))

    def receive(self) -> bool:
        """As `Client.receive`; a call that fails has no message, only a status."""
        self._buffer += _some(self.socket)
        complete = False
        while len(self._buffer) >= _FRAME_HEAD:
            end = _FRAME_HEAD + int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < end:
                break
            kind, flags = self._buffer[3], self._buffer[4]
            content, self._buffer = self._buffer[_FRAME_HEAD:end], self._buffer[end:]
            complete = self._take(kind, flags, content) or complete
        return complete

    def _take(self, kind: int, flags: int, content: bytes) -> bool:
        """Takes a frame and tells whether it ends the answer."""
        if kind == _DATA:
            self._answered = self._answered or bool(content)
        elif kind == _HEADERS and flags & _END_STREAM:
            if not self._answered:
                raise RuntimeError(f"expected a reading, got a status alone: {content!r}")
            return True
        elif kind in (_RESET, _GOAWAY):
            raise ConnectionError(f"the server ended the call: {content!r}")
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            self.socket.sendall(_frame(kind, content if kind == _PING else b"", _ACK))
        return False


def keep_asking(clients: Sequence[Client], requests: Sequence[bytes], seconds: float) -> int:
    """Lets each client ask again as soon as it has its answer; returns how many there were."""
    counts = [0] * len(clients)
    end = time.perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        for number, client in enumerate(clients):
            selector.register(client.socket, selectors.EVENT_READ, number)
            client.send(requests[number % len(requests)])
        waiting = len(clients)
        while waiting:
            for key, _ in selector.select():
                number = key.data
                if not clients[number].receive():
                    continue
                counts[number] += 1
                if time.perf_counter() < end:
                    clients[number].send(requests[(number + counts[number]) % len(requests)])
                else:
                    waiting -= 1
    return sum(counts)


def _connect(address: tuple[str, int]) -> socket.socket:
    connected = socket.create_connection(address)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def _some(connected: socket.socket) -> bytes:
    piece = connected.recv(_PIECE)
    if not piece:
        raise ConnectionError("the server closed the connection")
    return piece


def _frame(kind: int, content: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return struct.pack(">LBL", len(content) << 8 | kind, flags, stream) + content


def _header_block(path: str) -> bytes:
    """Returns the headers of a call; the static table has POST as 3, http as 6, :path as 4."""
    return (
        b"\x83\x86\x04"
        + _text(path)
        + b"\x01"  # :authority
        + _text("m")
        + b"\x00"
        + _text("content-type")
        + _text("application/grpc")
        + b"\x00"
        + _text("te")
        + _text("trailers")
    )


def _text(value: str) -> bytes:
    """Returns a string without Huffman coding; those of up to 126 bytes have a short length."""
    return bytes([len(value)]) + value.encode()
