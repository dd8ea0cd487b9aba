"""Starts and stops the embedded model server: models, gRPC and REST together.

Used by `serving.server.__main__`, and within a process by tests. Importing it is light; the ports
answer before TensorFlow is there, which comes in on a thread of its own.
"""

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from schema.errors import InputError
from serving.server.access_log import AccessLog
from serving.server.batching import Batcher
from serving.server.config_watch import ConfigWatch
from serving.server.flag_types import EPHEMERAL, MAX_PORT
from serving.server.grpc_methods import Services
from serving.server.health import Health
from serving.server.loading import Loader
from serving.server.model_config import ModelSettings
from serving.server.model_service import ModelService
from serving.server.models import Models
from serving.server.ports import DISABLED, Port, open_grpc, open_rest
from serving.server.prediction import Predictions
from serving.server.request_log import RequestLog
from serving.server.rest_calls import RestCalls
from serving.server.server_options import DEFAULT_OPTIONS, ServerOptions
from serving.server.status import ServableError
from serving.server.telemetry import Telemetry
from serving.server.version_states import LoadPolicy

__all__ = ["DISABLED", "EPHEMERAL", "LOOPBACK", "ModelServer", "Server", "ServerOptions"]

LOOPBACK = "127.0.0.1"

_log = logging.getLogger(__name__)


class Server:
    """A model server inside this process; a context manager.

    Args:
      models: what is served.
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
        cannot be listened on or a label names a version that does not serve.
    """

    def __init__(
        self,
        models: Sequence[ModelSettings],
        grpc_port: int = EPHEMERAL,
        rest_port: int = EPHEMERAL,
        host: str = LOOPBACK,
        options: ServerOptions = DEFAULT_OPTIONS,
    ) -> None:
        for name, port in (("grpc_port", grpc_port), ("rest_port", rest_port)):
            if not EPHEMERAL <= port <= MAX_PORT:
                raise InputError(f"{name}: expected a port up to {MAX_PORT}, got {port}")
        if grpc_port == rest_port == DISABLED and options.grpc_socket_path is None:
            raise InputError("both protocols are disabled: give a gRPC or a REST port")
        if grpc_port == rest_port > DISABLED:
            raise InputError(f"expected two ports, got {grpc_port} for gRPC and for REST")
        self.grpc_address: str | None = None
        self.rest_url: str | None = None
        self._settings = tuple(models)
        self._ports = grpc_port, rest_port
        self._host = host
        self._options = options
        self._models: Models | None = None
        self._health: Health | None = None
        self._undo = contextlib.ExitStack()
        self._open: list[Port] = []

    def __enter__(self) -> Any:
        """Listens and begins to load; returns without waiting for the models."""
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
        """Refuses new requests, finishes those in flight, unloads."""
        self._undo.close()

    def wait_until_available(self, timeout: float = 60.0) -> int:
        """Waits for every model and returns the version of the first that serves.

        Raises:
          TimeoutError: one is not there within `timeout` seconds; the message says why.
        """
        if self._models is None:
            raise RuntimeError("the server is not started: use it as a context manager")
        return next(iter(self._models.wait_until_available(timeout).values()))

    def _start(self, undo: contextlib.ExitStack) -> None:
        telemetry = self._telemetry(undo)
        models = self._configured(telemetry)
        health = Health(models)
        self._models, self._health = models, health
        undo.callback(models.stop, self._options.grace_seconds)
        predictions = self._predictions(models, telemetry, undo)
        service = ModelService(models)
        ready = _import_tensorflow()
        self._open = []
        undo.callback(self._drain)
        host, options, (grpc_port, rest_port) = self._host, self._options, self._ports
        if grpc_port != DISABLED or options.grpc_socket_path is not None:
            services = Services(predictions, service, health, options.packed_outputs)
            port = open_grpc(services, telemetry, ready.is_set, host, grpc_port, options)
            self._open.append(port)
            self.grpc_address = port.address
        if rest_port != DISABLED:
            calls = RestCalls(predictions, service)
            port = open_rest(calls, health, telemetry, host, rest_port, options)
            self._open.append(port)
            self.rest_url = port.address
        models.start()
        if self._options.config_file is not None and self._options.config_poll_seconds:
            watch = ConfigWatch(
                self._options.config_file, models, self._options.config_poll_seconds
            )
            undo.callback(watch.stop)

    def _telemetry(self, undo: contextlib.ExitStack) -> Telemetry:
        if self._options.access_log is None:
            return Telemetry()
        try:
            log = AccessLog(self._options.access_log)
        except OSError as error:
            raise InputError(f"cannot write the access log ({error}): name another file") from None
        undo.callback(log.stop, self._options.grace_seconds)
        return Telemetry(log)

    def _configured(self, telemetry: Telemetry) -> Models:
        options = self._options
        loader = Loader(options.load, telemetry)
        models = Models(
            loader,
            LoadPolicy(options.load_retries, options.load_retry_seconds),
            options.poll_seconds,
            options.labels,
            loader.find,
        )
        try:
            models.apply(self._settings)
        except ServableError as error:
            raise InputError(
                f"{error}: start with --allow_version_labels_for_unavailable_models"
            ) from None
        return models

    def _predictions(
        self, models: Models, telemetry: Telemetry, undo: contextlib.ExitStack
    ) -> Predictions:
        log = RequestLog(lambda model, outcome: telemetry.logged.add((model, outcome)))
        undo.callback(log.stop, self._options.grace_seconds)
        batcher = None
        if self._options.batching is not None:
            batcher = Batcher(self._options.batching, telemetry.observe_batch)
            undo.callback(batcher.stop, self._options.grace_seconds)
        return Predictions(models, telemetry, log, batcher, self._options.max_image_pixels)

    def _drain(self) -> None:
        """Tells that the server is not ready, then stops both protocols at once."""
        if self._health is not None:
            self._health.drain()
        if self._open:
            time.sleep(self._options.drain_seconds)
        for port in self._open:
            port.ask_to_stop()
        for port in self._open:
            port.wait()


class ModelServer(Server):
    """A server of one model, the newest version of it.

    Args:
      model_name: the name that clients ask for.
      base_path: the folder with the numeric version folders, where the Pusher pushes.
      grpc_port: as in `Server`, like the rest.
      rest_port: as there.
      host: as there.
      options: as there.
    """

    def __init__(
        self,
        model_name: str,
        base_path: Path | str,
        grpc_port: int = EPHEMERAL,
        rest_port: int = EPHEMERAL,
        host: str = LOOPBACK,
        options: ServerOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.model_name = model_name
        self.base_path = Path(base_path)
        settings = [ModelSettings(model_name, self.base_path)]
        super().__init__(settings, grpc_port, rest_port, host, options)


def import_for_requests() -> None:
    """Imports what requests and models need: TensorFlow, and with it all that is heavy."""
    from tensorflow_serving.apis import (  # noqa: F401
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
        predict_pb2,
    )

    from serving.server import example_json, inference, log_messages, warmup  # noqa: F401


def _import_tensorflow() -> threading.Event:
    """Imports it in a thread; the returned event is set when it is there."""
    ready = threading.Event()

    def load() -> None:
        import_for_requests()
        ready.set()

    if "tensorflow" in sys.modules:
        load()
    else:
        threading.Thread(target=load, name="imports", daemon=True).start()
    return ready
