"""Events of AWS Lambda -> requests, and answers -> what whoever sent the event understands.

The outermost step of `function`. API Gateway's REST APIs and load balancers send version 1 of its
event, HTTP APIs and function URLs version 2; any other event is a direct call, whose event is the
body of a predict request itself.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_BODY_BYTES = 6 * 1024 * 1024
"""What Lambda lets through in a synchronous call, as it is sent: base64 adds a third."""

_DEFAULT_STAGE = "$default"


class RequestError(Exception):
    """A request that cannot be answered.

    Args:
      status: of HTTP.
      message: one line for the client.
      headers: of the answer.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


@dataclass(frozen=True)
class Request:
    """What came over HTTP.

    Args:
      method: in capitals.
      path: decoded or not, without the stage.
      headers: by their names in small letters.
      body: decoded from base64.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back.

    Args:
      status: of HTTP.
      body: JSON.
      headers: beside the content type.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def is_http(event: Any) -> bool:
    """Tells whether an event is a request over HTTP; any other one is a direct call."""
    if not isinstance(event, dict):
        return False
    context = event.get("requestContext")
    return "httpMethod" in event or (isinstance(context, dict) and "http" in context)


def read_request(event: Mapping[str, Any]) -> Request:
    """Makes a request of an event over HTTP, of either version.

    Raises:
      RequestError: its body is too large, or no base64 although it should be.
    """
    context = event.get("requestContext") or {}
    if "httpMethod" in event:
        method, path = event["httpMethod"], event.get("path") or "/"
    else:
        method, path = context["http"]["method"], event.get("rawPath") or "/"
        stage = context.get("stage", _DEFAULT_STAGE)
        # Version 2 leaves the stage in the path, version 1 does not.
        if stage != _DEFAULT_STAGE and f"{path}/".startswith(f"/{stage}/"):
            path = path[len(stage) + 1 :] or "/"
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Request(method.upper(), path, headers, _read_body(event))


def http_answer(answer: Answer) -> dict[str, Any]:
    """Returns an answer in the form that both versions understand."""
    return {
        "statusCode": answer.status,
        "headers": {"content-type": "application/json", **answer.headers},
        "body": answer.body.decode(),
        "isBase64Encoded": False,
    }


def error_answer(error: RequestError) -> Answer:
    """Returns a fault in TensorFlow Serving's form."""
    content = json.dumps({"error": error.message}, ensure_ascii=False)
    return Answer(error.status, content.encode(errors="replace"), error.headers)


def _read_body(event: Mapping[str, Any]) -> bytes:
    body = (event.get("body") or "").encode(errors="replace")
    if len(body) > MAX_BODY_BYTES:
        raise RequestError(413, f"expected a body of at most {MAX_BODY_BYTES} bytes: send less")
    if not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise RequestError(400, f"expected a body in base64 ({error}): encode it") from None
