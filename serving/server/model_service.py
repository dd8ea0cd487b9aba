"""What both protocols ask about the models: their status, and another configuration.

`grpc_service` and `rest_api` translate; `models` knows and does.
"""

import logging
import time
from typing import Any

from schema.errors import InputError
from serving.server.model_config import models_of
from serving.server.models import Models, ModelSpec
from serving.server.status import Code, ServableError

RELOAD_SECONDS = 600.0
"""How long a new configuration is waited for where the client sets no deadline."""

_ANSWER_SECONDS = 1.0  # of the client's time, left to tell it that the wait was in vain

_log = logging.getLogger(__name__)


class ModelService:
    """Tells and changes what is served.

    Args:
      models: all of it.
    """

    def __init__(self, models: Models) -> None:
        self._models = models

    def status_response(self, spec: ModelSpec) -> Any:
        """Returns the GetModelStatusResponse of one or all versions."""
        from tensorflow_serving.apis import get_model_status_pb2

        response = get_model_status_pb2.GetModelStatusResponse()
        for status in self._models.statuses(spec):
            told = response.model_version_status.add()
            told.version = status.version
            told.state = int(status.state)
            told.status.error_code = int(status.code)
            told.status.error_message = status.message
        return response

    def status_json(self, spec: ModelSpec) -> dict[str, Any]:
        """Returns the same as a JSON object."""
        return {
            "model_version_status": [
                {
                    "version": str(status.version),
                    "state": status.state.name,
                    "status": {"error_code": status.code.name, "error_message": status.message},
                }
                for status in self._models.statuses(spec)
            ]
        }

    def reload(self, request: Any, deadline: float | None) -> Any:
        """Puts the configuration of a ReloadConfigRequest into effect and waits for the models.

        Returns:
          the ReloadConfigResponse.

        Raises:
          ServableError: INVALID_ARGUMENT, the configuration is not valid; FAILED_PRECONDITION, a
            label names a version that does not serve; UNKNOWN, a model did not become available.
        """
        from tensorflow_serving.apis import model_management_pb2

        if request.config.WhichOneof("config") != "model_config_list":
            raise ServableError(
                Code.INVALID_ARGUMENT,
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported",
            )
        try:
            settings = models_of(request.config)
        except InputError as error:
            raise ServableError(Code.INVALID_ARGUMENT, str(error)) from error
        _log.info("reloading the configuration: %s", [model.name for model in settings])
        self._models.apply(settings)
        seconds = RELOAD_SECONDS if deadline is None else deadline - time.monotonic()
        try:
            self._models.wait_until_available(seconds - _ANSWER_SECONDS)
        except TimeoutError as error:
            raise ServableError(
                Code.UNKNOWN, f"Some models did not become available: {error}"
            ) from error
        return model_management_pb2.ReloadConfigResponse()
