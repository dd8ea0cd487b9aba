"""TensorFlow Serving's gRPC services, for the official stubs and any other client.

`model_server` starts it on top of `prediction` and `model_service`. Methods are found by their
path and messages parsed here, in place of the generated servicers: those import TensorFlow, and the
port shall answer before that is there.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from schema.errors import InputError
from serving.server.grpc_methods import METHODS, Method, Services
from serving.server.request_gate import Gate
from serving.server.request_validation import warnings_metadata
from serving.server.status import Code, ServableError
from serving.server.telemetry import GRPC, Record, Telemetry

# A call without a deadline looks to gRPC as one with a deadline in the far future.
_FOR_EVER = 366 * 24 * 3600.0

# Clients that ask again at once do so within this time.
_SETTLE_SECONDS = 0.05

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GrpcOptions:
    """How the port behaves.

    Args:
      threads: requests that are worked on at a time; the others wait.
      max_pending: requests that may be worked on or wait; further ones are refused with
        RESOURCE_EXHAUSTED.
      max_request_bytes: larger requests are refused with RESOURCE_EXHAUSTED.
      health: whether the standard health check is offered.
      channel_arguments: passed on to gRPC.
      socket_path: a UNIX socket to listen on as well.
      credentials: of a TLS port; None for an open one.
    """

    threads: int = 16
    max_pending: int = 1024
    max_request_bytes: int = 64 << 20
    health: bool = False
    channel_arguments: Mapping[str, int | str] = field(default_factory=dict)
    socket_path: Path | None = None
    credentials: Any = None


@dataclass(frozen=True)
class GrpcServer:
    """A server that runs.

    Args:
      port: it listens on; 0 for a UNIX socket alone.
      gate: of its requests.
      server: gRPC's.
    """

    port: int
    gate: Gate
    server: Any

    def stop(self, grace_seconds: float) -> None:
        """Refuses new requests and waits until those in flight are answered, or for so long."""
        self.gate.close()
        started = time.monotonic()
        self.gate.wait_until_empty(grace_seconds)
        self.gate.hold()
        time.sleep(_SETTLE_SECONDS)
        left = max(grace_seconds - (time.monotonic() - started), 0.0)
        stopped = self.server.stop(left)
        self.gate.let_go()
        stopped.wait()


def start(
    services: Services,
    telemetry: Telemetry,
    ready: Callable[[], bool],
    address: str | None,
    options: GrpcOptions,
) -> GrpcServer:
    """Serves.

    Args:
      services: what answers.
      telemetry: gets a record of each request.
      ready: whether TensorFlow is there; until then requests are UNAVAILABLE.
      address: `host:port`, port 0 for any free one; None for the UNIX socket alone.
      options: everything else.

    Raises:
      InputError: the address cannot be listened on.
    """
    arguments = {
        # Without this a second server would share the port in silence.
        "grpc.so_reuseport": 0,
        "grpc.max_receive_message_length": options.max_request_bytes,
        "grpc.max_send_message_length": -1,
        **options.channel_arguments,
    }
    gate = Gate()
    server = grpc.server(
        futures.ThreadPoolExecutor(options.threads, thread_name_prefix="grpc"),
        handlers=(_Handler(services, telemetry, ready, gate, options.health),),
        options=list(arguments.items()),
        maximum_concurrent_rpcs=options.max_pending,
    )
    port = 0
    if address is not None:
        port = _listen(server, address, options.credentials)
    if options.socket_path is not None:
        _listen(server, f"unix:{options.socket_path}", None)
    server.start()
    return GrpcServer(port, gate, server)


def _listen(server: Any, address: str, credentials: Any) -> int:
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError:  # older releases return 0
        port = 0
    if not port:
        raise InputError(
            f"cannot listen on {address} for gRPC: choose another --port, --host or "
            "--grpc_socket_path"
        )
    return int(port)


class _Handler(grpc.GenericRpcHandler):
    """Finds the method of a request by its path."""

    def __init__(
        self,
        services: Services,
        telemetry: Telemetry,
        ready: Callable[[], bool],
        gate: Gate,
        health: bool,
    ) -> None:
        self._handlers = {
            path: grpc.unary_unary_rpc_method_handler(
                _answering(method, services, telemetry, ready, gate)
            )
            for path, method in METHODS.items()
            if health or not method.is_health
        }

    def service(self, handler_call_details: Any) -> Any:
        """Returns what handles a request; None is answered UNIMPLEMENTED."""
        return self._handlers.get(handler_call_details.method)


def _answering(
    method: Method,
    services: Services,
    telemetry: Telemetry,
    ready: Callable[[], bool],
    gate: Gate,
) -> Callable[[bytes, Any], bytes]:
    """Wraps a method: bytes in, bytes out, what it raises as the status of the call."""

    def answer(body: bytes, context: Any) -> bytes:
        record = Record(GRPC, method.api, context.peer(), bytes_in=len(body))
        try:
            if method.needs_tensorflow and not ready():
                raise ServableError(Code.UNAVAILABLE, "the server is starting; try again")
            with gate:
                request = _parse(method.request_class(), body)
                response = method.answer(services, record, request, _deadline(context))
                content: bytes = response.SerializeToString()
            record.bytes_out = len(content)
            if record.oddities:
                context.set_trailing_metadata(warnings_metadata(record.oddities))
            return content
        except ServableError as error:
            record.code, record.message = error.code, error.message
        except Exception as error:  # the boundary: a fault of the server, told and logged
            _log.exception("%s failed", method.api)
            record.code, record.message = Code.INTERNAL, f"{type(error).__name__}: {error}"
        finally:
            telemetry.close(record)
        context.abort(grpc.StatusCode[record.code.name], record.message)
        raise AssertionError("abort raises")

    return answer


def _parse(message_class: Any, body: bytes) -> Any:
    try:
        return message_class.FromString(body)
    except DecodeError as error:
        raise ServableError(
            Code.INVALID_ARGUMENT, f"the request is no {message_class.DESCRIPTOR.name}: {error}"
        ) from error


def _deadline(context: Any) -> float | None:
    """Returns by `time.monotonic` when the client stops waiting."""
    remaining = context.time_remaining()
    if remaining is None or remaining > _FOR_EVER:
        return None
    return float(time.monotonic() + remaining)


def parse_channel_arguments(text: str) -> dict[str, int | str]:
    """Parses the value of `--grpc_channel_arguments`: `name=value,name=value`.

    Raises:
      InputError: it has another form.
    """
    pairs: Sequence[tuple[str, str, str]] = [
        part.strip().partition("=") for part in text.split(",") if part.strip()
    ]
    for name, sign, value in pairs:
        if not (name and sign and value):
            raise InputError(
                f"--grpc_channel_arguments: expected name=value,name=value, got {text!r}"
            )
    return {name: int(value) if _is_integer(value) else value for name, _, value in pairs}


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
