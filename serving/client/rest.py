"""The REST side of the client: TensorFlow Serving's `:predict`, `/metadata` and status."""

import base64
import ssl
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from serving.client.errors import (
    BusyError,
    NoSuchModelError,
    RefusedError,
    ServingError,
    one_line,
)
from serving.signatures import IMAGE_BYTES, SERVING_DEFAULT

if TYPE_CHECKING:
    import httpx

_AVAILABLE = "AVAILABLE"  # the state of a loaded version
_POLL_SECONDS, _POLL_TIMEOUT = 0.2, 5.0
_OK = 200
_ERRORS: dict[int, type[ServingError]] = {
    400: RefusedError,
    404: NoSuchModelError,
    413: RefusedError,
    429: BusyError,
    503: BusyError,
}


class RestConnection:
    """A server's REST side, for any number of requests from any thread; a context manager.

    Args:
      url: such as `http://127.0.0.1:8501`.
      timeout: seconds to wait for the connection and for each part of an answer.
      trusted: certificates in PEM form that an https server is held against; the usual ones
        where it is None.

    Raises:
      ServingError: in one line, what went wrong; so do the methods.
    """

    def __init__(self, url: str, timeout: float, trusted: str | None = None) -> None:
        self.where = url
        self._timeout = timeout
        self._client = _make_client(url, timeout, trusted)

    def __enter__(self) -> "RestConnection":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connections."""
        self._client.close()

    def outputs(self, model_name: str) -> frozenset[str]:
        """Returns the names of what the model's `serving_default` gives."""
        answer = self._ask("GET", model_name, "/metadata")
        try:
            signatures = answer["metadata"]["signature_def"]["signature_def"]
            return frozenset(signatures.get(SERVING_DEFAULT, {}).get("outputs", {}))
        except (KeyError, TypeError, AttributeError) as error:
            raise ServingError(
                f"{self.where} model {model_name!r}: expected metadata of a model, got "
                f"{one_line(answer)}"
            ) from error

    def available_version(self, model_name: str) -> int:
        """Returns the newest version of a model that is loaded."""
        answer = self._ask("GET", model_name, "")
        try:
            states = answer["model_version_status"]
            return max(int(each["version"]) for each in states if each["state"] == _AVAILABLE)
        except (KeyError, TypeError, ValueError) as error:
            raise ServingError(
                f"{self.where} model {model_name!r}: expected a version that is {_AVAILABLE}, got "
                f"{one_line(answer)}"
            ) from error

    def predict(self, model_name: str, images: Sequence[bytes]) -> list[Any]:
        """Returns what the model says of each picture, in order; see `predict_rest`."""
        instances = [{IMAGE_BYTES: {"b64": base64.b64encode(image).decode()}} for image in images]
        body = {"signature_name": SERVING_DEFAULT, "instances": instances}
        answer = self._ask("POST", model_name, ":predict", body)
        rows = answer.get("predictions") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or len(rows) != len(images):
            got = f"{len(rows)} predictions" if isinstance(rows, list) else one_line(answer)
            raise ServingError(
                f"{self.where} model {model_name!r}: expected {len(images)} predictions, got {got}"
            )
        return rows

    def _ask(self, verb: str, model_name: str, what: str, body: Any = None) -> Any:
        import httpx

        try:
            response = self._client.request(verb, _model(self.where, model_name) + what, json=body)
        except httpx.TimeoutException as error:
            raise ServingError(f"{self.where}: no answer within {self._timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServingError(
                f"{self.where}: no model server answers there ({one_line(error)})"
            ) from error
        try:
            answer = response.json()
        except ValueError as error:
            raise ServingError(
                f"{self.where}: expected JSON, got status {response.status_code} and "
                f"{one_line(response.text)!r}"
            ) from error
        if response.status_code != _OK:
            told = answer.get("error", answer) if isinstance(answer, dict) else answer
            kind = _ERRORS.get(response.status_code, ServingError)
            raise kind(
                f"{self.where} model {model_name!r}: {response.status_code} {one_line(told)}"
            )
        return answer


def predict_rest(url: str, model_name: str, images: Sequence[bytes], timeout: float) -> list[Any]:
    """Sends images over REST.

    Args:
      url: of the server, such as `http://127.0.0.1:8501`.
      model_name: under which the server offers the model.
      images: encoded PNG or JPEG files, at least one.
      timeout: seconds to wait for the connection and for each part of the answer.

    Returns:
      What the server predicts for each image, in order.

    Raises:
      ServingError: in one line, what went wrong.
    """
    with RestConnection(url, timeout) as connection:
        return connection.predict(model_name, images)


def wait_for_model(url: str, model_name: str, timeout: float = 60.0) -> None:
    """Waits until a version of the model is loaded: a server opens its ports before that.

    Args:
      url: of the server's REST port.
      model_name: under which the server offers the model.
      timeout: seconds to wait at the most.

    Raises:
      ServingError: the time is over; the server's last words are told.
    """
    import httpx

    deadline = time.monotonic() + timeout
    with _make_client(url, _POLL_TIMEOUT) as client:
        while True:
            try:
                answer = client.get(_model(url, model_name)).text
            except httpx.HTTPError as error:
                answer = str(error)
            if f'"{_AVAILABLE}"' in answer:
                return
            if time.monotonic() > deadline:
                raise ServingError(
                    f"{url} model {model_name!r}: not available after {timeout:g} s: "
                    f"{one_line(answer)}"
                )
            time.sleep(_POLL_SECONDS)


def _make_client(url: str, timeout: float, trusted: str | None = None) -> "httpx.Client":
    import httpx

    # Trusted certificates are read for https alone: it takes 30 ms of processor time.
    verify = _context(trusted) if trusted is not None else not url.lower().startswith("http://")
    return httpx.Client(timeout=timeout, trust_env=False, verify=verify)


def _context(trusted: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=trusted)
    except ssl.SSLError as error:
        raise ServingError(
            f"expected certificates in PEM form, got something else ({one_line(error)}): "
            "name another file"
        ) from error


def _model(url: str, model_name: str) -> str:
    return f"{url.rstrip('/')}/v1/models/{quote(model_name, safe='')}"
