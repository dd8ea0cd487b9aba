"""Runs an ASGI application on a listening socket in a thread, and guards its connections.

`model_server` starts it with `rest_api`. A stop accepts whoever has connected
before it closes the port, and lets each connection ask what may be on its way.
"""

import asyncio
import functools
import logging
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import uvicorn

from schema.errors import InputError
from serving.server import port_end
from serving.server.guarded_protocol import GuardedProtocol

_log = logging.getLogger(__name__)

_STARTED_POLL_SECONDS = 0.01
_BACKLOG = 2048
_LAST_REQUEST_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class HttpOptions:
    """How connections are treated.

    Args:
      grace_seconds: how long a stop waits for requests in flight.
      head_seconds: within which the head of a request must follow its first byte.
      idle_seconds: after which a connection without a request is closed.
      last_request_seconds: how long a stop waits for requests on connections that are open; part
        of the grace.
      tls: of the port; None for an open one.
    """

    grace_seconds: float = 30.0
    head_seconds: float = 10.0
    idle_seconds: float = 75.0
    last_request_seconds: float = 2.0
    tls: ssl.SSLContext | None = None


def listen(
    host: str, port: int, purpose: str = "REST", remedy: str = "--rest_api_port or --host"
) -> socket.socket:
    """Returns a listening socket.

    Args:
      host: or address.
      port: 0 for any that is free.
      purpose: what it is for, for people.
      remedy: the options that choose another.

    Raises:
      InputError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host} port {port} for {purpose} ({error}): choose another {remedy}"
        ) from error
    # Connections inherit it. Without it each answer on a kept-alive connection waits for the
    # client's delayed acknowledgement: 44 ms in place of 2.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def start(
    app: Any, listener: socket.socket, options: HttpOptions
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Serves an application in a thread.

    Returns:
      What asks it to stop, and what waits until requests in flight are answered.
    """
    http: Any = functools.partial(
        GuardedProtocol, head_seconds=options.head_seconds, idle_seconds=options.idle_seconds
    )
    config = uvicorn.Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,  # whoever runs the process sets logging up
        access_log=False,
        server_header=False,
        timeout_keep_alive=math.ceil(options.idle_seconds),
        timeout_graceful_shutdown=math.ceil(options.grace_seconds),
    )
    config.load()
    if options.tls is not None:
        config.ssl = options.tls
    server = _Server(config, min(options.last_request_seconds, options.grace_seconds))
    thread = threading.Thread(target=server.run, args=([listener],), name="rest", daemon=True)
    thread.start()

    def ask_to_stop() -> None:
        server.should_exit = True

    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the REST server ended while starting; its log says why")
        time.sleep(_STARTED_POLL_SECONDS)
    return ask_to_stop, thread.join


class _Server(uvicorn.Server):
    """Closes the port without resetting anyone who has connected.

    uvicorn closes the port and idle connections at once. Who had connected by then, but was not
    accepted yet, or had sent a request that was not read yet, would be reset.

    Args:
      config: of uvicorn.
      last_request_seconds: as in `HttpOptions`.
    """

    def __init__(self, config: uvicorn.Config, last_request_seconds: float) -> None:
        super().__init__(config)
        self._last_request_seconds = last_request_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accepts who has connected, closes the port, waits for last requests, ends the rest."""
        # asyncio closes the sockets that it was given; the copies keep the port open until all who
        # wait in its queue are accepted.
        ports = [listener.dup() for listener in sockets or []]
        ignoring = [port_end.ignore_new_connections(port) for port in ports]
        if any(ignoring):
            await asyncio.sleep(port_end.HANDSHAKE_SECONDS)
        for server in self.servers:
            server.close()
        waiting = []
        for port in ports:
            waiting += port_end.accept_all(port)
            port.close()
        await self._serve_accepted(waiting)
        await self._wait_for_last_requests()
        await super().shutdown(sockets)

    async def _serve_accepted(self, connections: list[socket.socket]) -> None:
        loop, tls = asyncio.get_running_loop(), self.config.ssl
        seconds = self._last_request_seconds if tls else None
        begun = await asyncio.gather(
            *(
                loop.connect_accepted_socket(
                    self._protocol, connection, ssl=tls, ssl_handshake_timeout=seconds
                )
                for connection in connections
            ),
            return_exceptions=True,
        )
        for outcome in begun:
            if isinstance(outcome, BaseException):
                _log.info("a connection ended before its first request: %s", outcome)

    def _protocol(self) -> asyncio.Protocol:
        make: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    async def _wait_for_last_requests(self) -> None:
        """Waits until every connection has ended, each after its next answer, or for so long."""
        end = time.monotonic() + self._last_request_seconds
        while self.server_state.connections and time.monotonic() < end:
            await asyncio.sleep(_LAST_REQUEST_POLL_SECONDS)
