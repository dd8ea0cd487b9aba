import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from serving.server import http_server, port_end
from serving.server.http_server import HttpOptions

REQUEST = b"GET /v1/a HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"].endswith("slow"):
        await asyncio.sleep(0.6)
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    await send(start)
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def address() -> Iterator[Any]:
    listener = http_server.listen("127.0.0.1", 0)
    stop, wait = http_server.start(app, listener, HttpOptions(head_seconds=0.3, idle_seconds=1))
    yield listener.getsockname()
    stop()
    wait()
    listener.close()


@contextlib.contextmanager
def connected(address: Any) -> Iterator[socket.socket]:
    with socket.create_connection(address, 5) as client:
        yield client


def drip(client: socket.socket, seconds: float, drop: bytes = b"a") -> float:
    """Send the head of a request slowly and return when the server closed the connection."""
    started = time.monotonic()
    client.settimeout(0.05)
    while time.monotonic() - started < seconds:
        try:
            client.sendall(drop)
            if client.recv(1000) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - started


def answer(client: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"ok"):
        piece = client.recv(1000)
        assert piece, "the connection was closed before the answer"
        got += piece
    return got


def test_a_head_that_drips_is_cut_off(address: Any) -> None:
    with connected(address) as client:
        client.sendall(b"GET /v1/a HTTP/1.1\r\nHost: ")
        assert 0.2 < drip(client, 5) < 2


def test_a_connection_that_says_nothing_is_cut_off(address: Any) -> None:
    with connected(address) as client:
        started = time.monotonic()
        assert client.recv(1000) == b""
        assert 0.8 < time.monotonic() - started < 3


def test_the_next_head_of_a_connection_is_limited_as_well(address: Any) -> None:
    with connected(address) as client:
        client.sendall(REQUEST)
        assert answer(client).startswith(b"HTTP/1.1 200")
        time.sleep(0.5)  # an idle connection is not a slow one
        client.sendall(REQUEST)
        assert answer(client).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /")
        assert 0.2 < drip(client, 5) < 2


@pytest.mark.parametrize("before", [b"", REQUEST])
def test_empty_lines_are_no_request(address: Any, before: bytes) -> None:
    with connected(address) as client:
        if before:
            client.sendall(before)
            answer(client)
        assert 0.8 < drip(client, 5, b"\r\n") < 3


def test_a_large_body_in_one_piece_with_the_next_request(address: Any) -> None:
    body = b"POST /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"a" * 200_000
    with connected(address) as client:
        client.sendall(body + REQUEST[:10])
        assert answer(client).startswith(b"HTTP/1.1 200")
        client.sendall(REQUEST[10:])
        assert answer(client).startswith(b"HTTP/1.1 200")


def test_an_answer_may_take_longer_than_a_head(address: Any) -> None:
    with connected(address) as client:
        client.sendall(REQUEST.replace(b"/a", b"/slow"))
        assert answer(client).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01 no http\r\n\r\n",
        b"GET /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /v1/a HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"GET /v1/a HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_400(address: Any, garbage: bytes) -> None:
    with connected(address) as client:
        client.sendall(garbage)
        assert client.recv(1000).startswith(b"HTTP/1.1 4")


def test_two_requests_at_once_are_answered_in_order(address: Any) -> None:
    with connected(address) as client:
        client.sendall(REQUEST.replace(b"/a", b"/slow") + REQUEST)
        got = b""
        while got.count(b"ok") < 2:
            got += client.recv(1000)
        assert got.count(b"HTTP/1.1 200") == 2


@contextlib.contextmanager
def stopping() -> Iterator[Any]:
    """Serve, and give the address and the thread that stops."""
    listener = http_server.listen("127.0.0.1", 0)
    stop, wait = http_server.start(app, listener, HttpOptions(last_request_seconds=2))
    address = listener.getsockname()

    def end() -> None:
        stop()
        wait()

    ending = threading.Thread(target=end)
    yield address, ending
    ending.join(10)
    assert not ending.is_alive()


def until_refused(address: Any) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(address, 5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    pytest.fail("the port did not close")


def test_who_has_connected_may_ask_after_the_port_is_closed() -> None:
    with stopping() as (address, ending), connected(address) as new, connected(address) as used:
        used.sendall(REQUEST)
        assert answer(used).startswith(b"HTTP/1.1 200")
        ending.start()
        until_refused(address)
        for client in (new, used):
            client.sendall(REQUEST)
            assert answer(client).startswith(b"HTTP/1.1 200")
            client.close()


@pytest.mark.parametrize("filters", [True, False], ids=["with-filters", "without-filters"])
def test_who_connects_while_the_port_closes_is_answered(
    filters: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, clients = port_end.ignore_new_connections, contextlib.ExitStack()
    late: list[socket.socket] = []

    def ignore(listener: socket.socket) -> bool:
        # In the event loop itself, so the server accepts none of them before the port ends.
        for _ in range(50):
            late.append(clients.enter_context(connected(address)))
            late[-1].sendall(REQUEST)
        return filters and original(listener)

    monkeypatch.setattr(port_end, "ignore_new_connections", ignore)
    with stopping() as (address, ending), clients:
        ending.start()
        until_refused(address)
        assert len(late) == 50
        for client in late:
            assert answer(client).startswith(b"HTTP/1.1 200")
            client.close()


def test_an_idle_connection_does_not_hold_the_end() -> None:
    with stopping() as (address, ending), connected(address) as client:
        started = time.monotonic()
        ending.start()
        assert client.recv(1000) == b""
        assert 1 < time.monotonic() - started < 8
