"""Opens the two ports and says how each is closed: first asked to, then waited for.

`model_server` opens them on what answers, and closes both at once.
"""

from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from typing import Any

from serving.server import grpc_service, http_server
from serving.server.flag_types import EPHEMERAL
from serving.server.grpc_methods import Services
from serving.server.health import Health
from serving.server.rest_api import RestApi, RestOptions
from serving.server.rest_calls import RestCalls
from serving.server.server_options import ServerOptions
from serving.server.telemetry import Telemetry
from serving.server.tls import grpc_credentials, ssl_context

DISABLED = 0
"""As a port: do not offer this protocol. TensorFlow Serving's flags read 0 so."""


@dataclass(frozen=True)
class Port:
    """A port that is open.

    Args:
      address: of it, None for a UNIX socket alone.
      ask_to_stop: refuses new requests and returns at once.
      wait: waits until requests in flight are answered.
    """

    address: str | None
    ask_to_stop: Callable[[], Any]
    wait: Callable[[], Any]


def open_grpc(
    services: Services,
    telemetry: Telemetry,
    ready: Callable[[], bool],
    host: str,
    port: int,
    options: ServerOptions,
) -> Port:
    """Opens the gRPC port.

    Args:
      services: what answers.
      telemetry: gets a record of each request.
      ready: whether TensorFlow is there.
      host: the address to listen on.
      port: a number, `EPHEMERAL`, or `DISABLED` for the UNIX socket alone.
      options: of the server.

    Raises:
      InputError: the address cannot be listened on.
    """
    address = None if port == DISABLED else authority(host, _number(port))
    server = grpc_service.start(
        services,
        telemetry,
        ready,
        address,
        grpc_service.GrpcOptions(
            threads=options.grpc_threads or options.enough_threads,
            max_pending=options.max_pending,
            max_request_bytes=options.max_request_bytes,
            health=options.grpc_health,
            channel_arguments=options.grpc_channel_arguments,
            socket_path=options.grpc_socket_path,
            credentials=options.grpc_tls and grpc_credentials(options.grpc_tls),
        ),
    )
    return Port(
        None if address is None else authority(host, server.port),
        server.gate.close,
        lambda: server.stop(options.grace_seconds),
    )


def open_rest(
    calls: RestCalls,
    health: Health,
    telemetry: Telemetry,
    host: str,
    port: int,
    options: ServerOptions,
) -> Port:
    """Opens the REST port; the arguments are those of `open_grpc`, and its address is a URL.

    Raises:
      InputError: the address cannot be listened on.
    """
    listener = http_server.listen(host, _number(port))
    pool = futures.ThreadPoolExecutor(
        options.rest_threads or options.enough_threads, thread_name_prefix="rest"
    )
    app = RestApi(
        calls,
        health,
        telemetry,
        pool,
        RestOptions(
            max_request_bytes=options.max_request_bytes,
            timeout_seconds=options.rest_timeout_seconds,
            body_seconds=options.rest_body_seconds,
            max_pending=options.max_pending,
            metrics_path=options.metrics_path,
            cors=options.cors,
        ),
    )
    tls = None if options.rest_tls is None else ssl_context(options.rest_tls)
    http = http_server.HttpOptions(options.grace_seconds, options.rest_head_seconds, tls=tls)
    ask_to_stop, wait = http_server.start(app, listener, http)

    def finish() -> None:
        wait()
        pool.shutdown(wait=False)  # what is left has outlived its grace
        listener.close()

    scheme = "http" if tls is None else "https"
    bound = listener.getsockname()[1]
    return Port(f"{scheme}://{authority(host, bound)}", ask_to_stop, finish)


def authority(host: str, port: int) -> str:
    """Returns `host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _number(port: int) -> int:
    return 0 if port == EPHEMERAL else port
