"""What a deployment may tune, as one frozen record: `flags` fills it, `model_server` goes by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schema.errors import InputError
from serving.server.batch_settings import BatchSettings
from serving.server.load_settings import DEFAULT_LOAD_SETTINGS, LoadSettings
from serving.server.models import NO_UNAVAILABLE_LABELS, LabelPolicy
from serving.server.tls import TlsSettings

_THREADS, _BATCH_THREADS = 16, 128


@dataclass(frozen=True)
class ServerOptions:
    """The defaults are TensorFlow Serving's where it has them.

    Args:
      poll_seconds: the pause between two looks at the base paths; 0 looks once.
      load_retries: further attempts after a version failed to load.
      load_retry_seconds: the pause between them.
      load: how versions are loaded and run.
      labels: whether labels may name versions that do not serve yet.
      config_file: a ModelServerConfig that is read again every `config_poll_seconds`.
      config_poll_seconds: the pause between two looks at it; 0 never looks again.
      batching: how requests are batched; None answers each by itself.
      grpc_threads: gRPC requests that are worked on at a time; 0 for 16, or 128 with batching,
        where most of them wait for others. The model runs parallel by itself.
      rest_threads: the same for REST.
      max_pending: requests of a protocol that may be worked on or wait; further ones are refused.
      max_request_bytes: larger requests are refused, by both protocols.
      max_image_pixels: of a picture in a request; a larger one is refused before it is unpacked.
      rest_timeout_seconds: after which a REST request is given up.
      rest_body_seconds: within which the body of a REST request must be there.
      rest_head_seconds: within which the head of a REST request must be there.
      cors: whether pages from elsewhere may use the REST API.
      metrics_path: of the Prometheus metrics on the REST port; None for none.
      grpc_socket_path: a UNIX socket for gRPC beside the port.
      grpc_channel_arguments: passed on to gRPC.
      grpc_health: whether gRPC's standard health check is offered.
      packed_outputs: whether gRPC sends tensors as `tensor_content`.
      grpc_tls: of the gRPC port; None for an open one.
      rest_tls: of the REST port; None for an open one.
      access_log: a file for one JSON line a request, `-` for standard output; None for none.
      drain_seconds: how long a stop tells that it is not ready before it refuses requests.
      grace_seconds: how long a stop then waits for requests in flight.

    Raises:
      InputError: a number is out of range.
    """

    poll_seconds: float = 1.0
    load_retries: int = 5
    load_retry_seconds: float = 60.0
    load: LoadSettings = DEFAULT_LOAD_SETTINGS
    labels: LabelPolicy = NO_UNAVAILABLE_LABELS
    config_file: Path | None = None
    config_poll_seconds: float = 0.0
    batching: BatchSettings | None = None
    grpc_threads: int = 0
    rest_threads: int = 0
    max_pending: int = 1024
    max_request_bytes: int = 64 << 20
    max_image_pixels: int = 100_000_000
    rest_timeout_seconds: float = 30.0
    rest_body_seconds: float = 30.0
    rest_head_seconds: float = 10.0
    cors: bool = False
    metrics_path: str | None = None
    grpc_socket_path: Path | None = None
    grpc_channel_arguments: Mapping[str, int | str] = field(default_factory=dict)
    grpc_health: bool = False
    packed_outputs: bool = False
    grpc_tls: TlsSettings | None = None
    rest_tls: TlsSettings | None = None
    access_log: str | None = None
    drain_seconds: float = 0.0
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        for name in (
            "max_pending",
            "max_request_bytes",
            "max_image_pixels",
            "rest_timeout_seconds",
        ):
            if getattr(self, name) <= 0:
                raise InputError(f"{name}: expected more than 0, got {getattr(self, name)}")
        for name in (
            "poll_seconds",
            "load_retries",
            "config_poll_seconds",
            "grpc_threads",
            "rest_threads",
            "drain_seconds",
            "grace_seconds",
        ):
            if getattr(self, name) < 0:
                raise InputError(f"{name}: expected 0 or more, got {getattr(self, name)}")

    @property
    def enough_threads(self) -> int:
        """The number of threads for a protocol that none was named for."""
        return _THREADS if self.batching is None else _BATCH_THREADS


DEFAULT_OPTIONS = ServerOptions()
