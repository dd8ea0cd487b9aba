"""A port that ends; only Linux can ignore new connections."""

import socket
import sys
from collections.abc import Iterator

import pytest

from serving.server.port_end import accept_all, ignore_new_connections

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's socket filters")


@pytest.fixture(params=[("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    host, family = request.param
    if family == socket.AF_INET6 and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with socket.create_server((host, 0), family=family) as made:
        yield made


@linux
def test_who_comes_too_late_is_refused_and_never_reset(listener: socket.socket) -> None:
    address = listener.getsockname()[:2]
    with socket.create_connection(address, 5) as early:
        early.sendall(b"asked")
        assert ignore_new_connections(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(address, 0.3)
        (accepted,) = accept_all(listener)
        listener.close()
        with accepted:
            accepted.setblocking(True)
            assert accepted.recv(10) == b"asked"
            accepted.sendall(b"answered")
        assert early.recv(10) == b"answered"
        assert early.recv(10) == b""  # an orderly end
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 5)


@linux
def test_connections_that_are_open_go_on(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()[:2], 5) as client:
        server, _ = listener.accept()
        with server:
            assert ignore_new_connections(listener)
            client.sendall(b"asked")
            assert server.recv(10) == b"asked"
            server.sendall(b"answered")
            assert client.recv(10) == b"answered"


def test_nobody_waits(listener: socket.socket) -> None:
    assert accept_all(listener) == []


@linux
def test_a_kernel_without_filters_is_told(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as closed:
        closed.close()
        assert not ignore_new_connections(closed)
    assert "may reset a client" in caplog.text
