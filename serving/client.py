"""Asks a model server to read line images: the client's side of the `serving_default` contract.

Works alike against TensorFlow Serving and the embedded server. `ask_rest` needs no TensorFlow;
`ask_grpc` imports the official stubs, and with them TensorFlow, when it is called. Both speak to
the server directly, whatever proxy the environment names.
"""

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from serving.signatures import CONFIDENCE, IMAGE_BYTES, SERVING_DEFAULT, TEXT

_SHOWN = 300  # characters of a foreign answer that an error message shows
_AVAILABLE = "AVAILABLE"  # the state of a loaded version
_POLL_SECONDS, _POLL_TIMEOUT = 0.2, 5.0


class ServingError(Exception):
    """The server cannot be reached, refuses, or answers something else than readings."""


@dataclass(frozen=True)
class Reading:
    """What the model reads in one image.

    Args:
      text: the reading.
      confidence: from 0 to 1.
    """

    text: str
    confidence: float


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

    target = f"{url.rstrip('/')}/v1/models/{quote(model_name, safe='')}"
    deadline = time.monotonic() + timeout
    while True:
        try:
            answer = httpx.get(target, timeout=_POLL_TIMEOUT, trust_env=False).text
        except httpx.HTTPError as error:
            answer = str(error)
        if f'"{_AVAILABLE}"' in answer:
            return
        if time.monotonic() > deadline:
            raise ServingError(
                f"{url} model {model_name!r}: not available after {timeout:g} s: {_line(answer)}"
            )
        time.sleep(_POLL_SECONDS)


def ask_rest(
    url: str,
    model_name: str,
    images: Sequence[bytes],
    timeout: float = 30.0,
    output: str = TEXT,
) -> list[Reading]:
    """Read images over REST; takes and raises what `predict_rest` does.

    Args:
      url: as there, like the next three.
      model_name: as there.
      images: as there.
      timeout: as there.
      output: the model's output that holds the reading: `TEXT` or `CHARACTER`.

    Returns:
      A reading for each image, in order.
    """
    where = f"{url} model {model_name!r}"
    rows = predict_rest(url, model_name, images, timeout)
    return [_reading_of_row(row, output, where) for row in rows]


def predict_rest(url: str, model_name: str, images: Sequence[bytes], timeout: float) -> list[Any]:
    """Send images over REST.

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
    import httpx

    target = f"{url.rstrip('/')}/v1/models/{quote(model_name, safe='')}:predict"
    rows = [{IMAGE_BYTES: {"b64": base64.b64encode(image).decode("ascii")}} for image in images]
    body = {"signature_name": SERVING_DEFAULT, "instances": rows}
    try:
        response = httpx.post(target, json=body, timeout=timeout, trust_env=False)
    except httpx.TimeoutException as error:
        raise ServingError(f"{url}: no answer within {timeout:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ServingError(f"{url}: no model server answers there ({_line(error)})") from error
    try:
        answer = response.json()
    except ValueError as error:
        raise ServingError(
            f"{url}: expected JSON, got status {response.status_code} and {_line(response.text)!r}"
        ) from error
    if response.status_code != httpx.codes.OK:
        told = answer.get("error", answer) if isinstance(answer, dict) else answer
        raise ServingError(f"{url} model {model_name!r}: {response.status_code} {_line(told)}")
    return _rows(answer, len(images), f"{url} model {model_name!r}")


def ask_grpc(
    address: str,
    model_name: str,
    images: Sequence[bytes],
    timeout: float = 30.0,
    output: str = TEXT,
) -> list[Reading]:
    """Read images over gRPC; takes and raises what `predict_grpc` does, as `ask_rest`."""
    outputs = predict_grpc(address, model_name, images, [output, CONFIDENCE], timeout)
    where = f"{address} model {model_name!r}"
    return _readings_of_columns(outputs, output, len(images), where)


def predict_grpc(
    address: str, model_name: str, images: Sequence[bytes], wanted: Sequence[str], timeout: float
) -> dict[str, Any]:
    """Send images over gRPC; the rest is as in `predict_rest`.

    Args:
      address: of the server, as `host:port`.
      model_name: under which the server offers the model.
      images: encoded PNG or JPEG files, at least one.
      wanted: names of the outputs to ask for.
      timeout: seconds to wait for the answer.

    Returns:
      An array for each output.
    """
    from serving import grpc_calls

    try:
        return grpc_calls.predict(
            address, model_name, SERVING_DEFAULT, {IMAGE_BYTES: images}, timeout, wanted
        )
    except grpc_calls.CallError as error:
        raise ServingError(f"{address} model {model_name!r}: {_line(error)}") from error


def _rows(answer: Any, count: int, where: str) -> list[Any]:
    rows = answer.get("predictions") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or len(rows) != count:
        got = f"{len(rows)} predictions" if isinstance(rows, list) else _line(answer)
        raise ServingError(f"{where}: expected {count} predictions, got {got}")
    return rows


def _reading_of_row(row: Any, output: str, where: str) -> Reading:
    values = row if isinstance(row, dict) else {}
    text, confidence = values.get(output), values.get(CONFIDENCE)
    if not isinstance(text, str) or not isinstance(confidence, int | float):
        raise ServingError(f"{where}: expected {output} and {CONFIDENCE}, got {_line(row)}")
    return Reading(text, float(confidence))


def _readings_of_columns(
    outputs: dict[str, Any], output: str, count: int, where: str
) -> list[Reading]:
    shapes = {name: f"{array.dtype.name}{list(array.shape)}" for name, array in outputs.items()}
    expected = {output: f"object[{count}]", CONFIDENCE: f"float32[{count}]"}
    if not expected.items() <= shapes.items():
        raise ServingError(f"{where}: expected outputs {expected}, got {shapes}")
    try:
        texts = [text.decode() for text in outputs[output]]
    except UnicodeDecodeError as error:
        raise ServingError(f"{where}: the text is not UTF-8 ({error})") from error
    # Through the shortest text of the float32, so that both protocols give the same number.
    return [
        Reading(text, float(str(confidence)))
        for text, confidence in zip(texts, outputs[CONFIDENCE], strict=True)
    ]


def _line(value: Any) -> str:
    """Return a value as one line of limited length."""
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
