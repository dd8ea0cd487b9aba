"""Whether the server lives and whether it is ready, for both protocols.

`model_server` tells it when it drains; `rest_api` answers `/livez` and `/readyz` from it, and
`grpc_service` the standard health check. No TensorFlow.
"""

import enum
import threading
from typing import Any

from serving.server.models import Models
from serving.server.status import Code, ServableError

SERVICES = ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService")
"""What the health check of gRPC may ask for; the empty name is the server as a whole."""


class Serving(enum.IntEnum):
    """`grpc.health.v1.HealthCheckResponse.ServingStatus`."""

    SERVING = 1
    NOT_SERVING = 2


class Health:
    """The state of a server.

    Args:
      models: it is ready when a version of each serves.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._draining = threading.Event()

    @property
    def draining(self) -> bool:
        """Whether the server is about to stop."""
        return self._draining.is_set()

    def drain(self) -> None:
        """Tells that the server is about to stop: it is not ready any more."""
        self._draining.set()

    def why_not_ready(self) -> str:
        """Returns in a few words why the server is not ready; empty when it is."""
        if self.draining:
            return "the server is stopping"
        waiting = self._models.unavailable()
        return f"no version serves of {', '.join(sorted(waiting))}" if waiting else ""

    def check(self, service: str) -> Any:
        """Answers the health check of gRPC.

        Raises:
          ServableError: NOT_FOUND, there is no such service.
        """
        if service not in SERVICES:
            raise ServableError(Code.NOT_FOUND, f"unknown service {service!r}")
        return Serving.NOT_SERVING if self.why_not_ready() else Serving.SERVING
