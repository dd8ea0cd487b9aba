"""Starts and stops the embedded model server: versions, gRPC and REST together.

Used by `serving.server.__main__`, by the pipeline's runner and by tests. Importing it is light;
TensorFlow comes in when a server starts.
"""

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from schema.errors import InputError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

DISABLED = 0
"""As a port: do not offer this protocol. TensorFlow Serving's flags read 0 so."""

EPHEMERAL = -1
"""As a port: any free one."""

LOOPBACK = "127.0.0.1"
_MAX_PORT = 65535
_STARTED_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class ServerOptions:
    """What a deployment may tune; the defaults are TensorFlow Serving's where it has them.

    Args:
      poll_seconds: the pause between two looks at the base path.
      load_retries: further attempts after a version failed to load.
      load_retry_seconds: the pause between them.
      max_request_bytes: larger requests are refused, by both protocols.
      threads: requests that each protocol works on at a time. The model runs parallel by itself,
        so a few more threads than cores do; the default leaves room for waiting clients.
      grace_seconds: how long a stop waits for requests in flight.

    Raises:
      InputError: a number is out of range.
    """

    poll_seconds: float = 1.0
    load_retries: int = 5
    load_retry_seconds: float = 60.0
    max_request_bytes: int = 64 << 20
    threads: int = 16
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        for name in ("poll_seconds", "max_request_bytes", "threads"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name}: expected more than 0, got {getattr(self, name)}")
        for name in ("load_retries", "load_retry_seconds", "grace_seconds"):
            if getattr(self, name) < 0:
                raise InputError(f"{name}: expected 0 or more, got {getattr(self, name)}")


class ModelServer:
    """A model server inside this process; a context manager.

    Args:
      model_name: the name that clients ask for.
      base_path: the folder with the numeric version folders, where the Pusher pushes.
      grpc_port: a port, `EPHEMERAL` or `DISABLED`.
      rest_port: the same for REST.
      host: the address to listen on. Loopback by default: the API has no authentication, so
        offering it to a network is a decision; `0.0.0.0` listens everywhere.
      options: everything else.

    Attributes:
      grpc_address: `host:port` once entered, None when disabled.
      rest_url: `http://host:port` once entered, None when disabled.

    Raises:
      InputError: a port is out of range, both protocols are disabled, or, on entering, an address
        cannot be listened on.
    """

    def __init__(
        self,
        model_name: str,
        base_path: Path | str,
        grpc_port: int = EPHEMERAL,
        rest_port: int = EPHEMERAL,
        host: str = LOOPBACK,
        options: ServerOptions = ServerOptions(),
    ) -> None:
        for name, port in (("grpc_port", grpc_port), ("rest_port", rest_port)):
            if not EPHEMERAL <= port <= _MAX_PORT:
                raise InputError(f"{name}: expected a port up to {_MAX_PORT}, got {port}")
        if grpc_port == DISABLED and rest_port == DISABLED:
            raise InputError("both protocols are disabled: give a gRPC or a REST port")
        self.model_name = model_name
        self.base_path = Path(base_path)
        self.grpc_address: str | None = None
        self.rest_url: str | None = None
        self._ports = grpc_port, rest_port
        self._host = host
        self._options = options
        self._versions: Any = None
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> "ModelServer":
        """Listen and begin to load; return without waiting for the model."""
        with contextlib.ExitStack() as undo:
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Refuse new requests, finish those in flight, unload."""
        self._undo.close()

    def wait_until_available(self, timeout: float = 60.0) -> int:
        """Wait for the model and return the version that serves.

        Raises:
          TimeoutError: it is not there within `timeout` seconds; the message says why.
        """
        if self._versions is None:
            raise RuntimeError("the server is not started: use it as a context manager")
        return int(self._versions.wait_until_available(timeout))

    def _start(self, undo: contextlib.ExitStack) -> None:
        from serving.server.versions import LoadPolicy, ModelVersions

        options = self._options
        policy = LoadPolicy(options.load_retries, options.load_retry_seconds)
        self._versions = ModelVersions(self.model_name, self.base_path, policy)
        undo.callback(self._versions.stop, options.grace_seconds)
        grpc_port, rest_port = self._ports
        if grpc_port != DISABLED:
            self.grpc_address = self._start_grpc(undo, max(grpc_port, 0))
        if rest_port != DISABLED:
            self.rest_url = self._start_rest(undo, max(rest_port, 0))
        self._versions.start(options.poll_seconds)

    def _start_grpc(self, undo: contextlib.ExitStack, port: int) -> str:
        from serving.server import grpc_service

        options = self._options
        server, bound = grpc_service.start(
            self._versions,
            _authority(self._host, port),
            options.max_request_bytes,
            options.threads,
        )
        undo.callback(lambda: server.stop(options.grace_seconds).wait())
        return _authority(self._host, bound)

    def _start_rest(self, undo: contextlib.ExitStack, port: int) -> str:
        from serving.server import rest_api

        pool = futures.ThreadPoolExecutor(self._options.threads, thread_name_prefix="rest")
        undo.callback(pool.shutdown)
        app = rest_api.create_app(self._versions, pool, self._options.max_request_bytes)
        listener = _listen(self._host, port)
        undo.callback(listener.close)
        undo.callback(_start_uvicorn(app, listener, self._options.grace_seconds))
        return f"http://{_authority(self._host, listener.getsockname()[1])}"


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise InputError if the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"cannot listen on {_authority(host, port)} for REST ({error}): "
            "choose another --rest_api_port or --host"
        ) from error
    # Connections inherit it. Without it each answer on a kept-alive connection waits for the
    # client's delayed acknowledgement: 44 ms in place of 2.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _start_uvicorn(
    app: "ASGIApp", listener: socket.socket, grace_seconds: float
) -> Callable[[], None]:
    """Serve an application in a thread and return what stops it after requests in flight."""
    import uvicorn

    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,  # whoever runs the process sets logging up
        access_log=False,
        timeout_graceful_shutdown=math.ceil(grace_seconds),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="rest", daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join()

    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the REST server ended while starting; its log says why")
        time.sleep(_STARTED_POLL_SECONDS)
    return stop


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
