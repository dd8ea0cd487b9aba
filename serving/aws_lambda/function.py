"""What a Lambda function answers to an event: routes, media types, and faults as answers.

Between `events` and `line_model`. Over HTTP a model's predictions and status have the paths of
TensorFlow Serving; besides, `POST /` takes a predict request or a picture.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from serving.aws_lambda.events import (
    Answer,
    Request,
    RequestError,
    error_answer,
    http_answer,
    is_http,
    read_request,
)
from serving.aws_lambda.line_model import Reader, predict, predict_picture

_JSON = ("", "application/json", "application/x-www-form-urlencoded")  # the last is curl's
_PICTURES = ("image/png", "image/jpeg", "application/octet-stream")

_log = logging.getLogger(__name__)


class Context(Protocol):
    """What Lambda tells beside the event."""

    def get_remaining_time_in_millis(self) -> int:
        """Returns the time until Lambda ends the call."""


@dataclass(frozen=True)
class LineFunction:
    """The handler.

    Args:
      reader: the model.
      model_name: under which clients ask for it.
      version: of the model, told in its status.
    """

    reader: Reader
    model_name: str
    version: int

    def __call__(self, event: Any, context: Context) -> dict[str, Any]:
        """Answers an event.

        Returns:
          over HTTP what API Gateway takes; to a direct call the JSON object itself, with `error`
          where the request cannot be answered. A fault of ours is status 500 over HTTP; in a direct
          call it is raised, for Lambda to report it.
        """

        def seconds_left() -> float:
            return context.get_remaining_time_in_millis() / 1000

        if is_http(event):
            return http_answer(self._answer(event, seconds_left))
        try:
            body = predict(json.dumps(event).encode(), self.reader, seconds_left)
        except RequestError as error:
            body = error_answer(error).body
        told: dict[str, Any] = json.loads(body)
        return told

    def _answer(self, event: dict[str, Any], seconds_left: Callable[[], float]) -> Answer:
        try:
            return Answer(200, self._route(read_request(event), seconds_left))
        except RequestError as error:
            return error_answer(error)
        except Exception as error:  # the boundary: a fault of ours, told and logged
            _log.exception("a request failed")
            return error_answer(RequestError(500, f"{type(error).__name__}: {error}"))

    def _route(self, request: Request, seconds_left: Callable[[], float]) -> bytes:
        model = f"/v1/models/{self.model_name}"
        if request.path == model:
            _allow(request, "GET")
            return self._status()
        if request.path in ("/", f"{model}:predict"):
            _allow(request, "POST")
            return self._predict(request, seconds_left)
        raise RequestError(404, f"Not found: {request.method} {request.path}")

    def _predict(self, request: Request, seconds_left: Callable[[], float]) -> bytes:
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise RequestError(415, "expected a body without content-encoding: send it plain")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type in _PICTURES:
            return predict_picture(request.body, self.reader, seconds_left)
        if media_type in _JSON:
            return predict(request.body, self.reader, seconds_left)
        expected = ", ".join(filter(None, (*_JSON[:2], *_PICTURES)))
        raise RequestError(415, f"expected {expected}, got {media_type}: send one of these")

    def _status(self) -> bytes:
        version = {
            "version": str(self.version),
            "state": "AVAILABLE",
            "status": {"error_code": "OK", "error_message": ""},
        }
        return json.dumps({"model_version_status": [version]}).encode()


def _allow(request: Request, method: str) -> None:
    if request.method != method:
        raise RequestError(
            405, f"expected {method} {request.path}, got {request.method}", {"allow": method}
        )
