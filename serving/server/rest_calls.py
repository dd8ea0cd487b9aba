"""The calls of TensorFlow Serving's REST API: a method, a path and a body to the body of an answer.

`rest_api` reads requests and writes answers; here they are told apart, translated into calls of
`prediction` and `model_service`, and their results into JSON.
"""

import contextlib
import functools
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from typing import Any
from urllib.parse import unquote

import numpy as np

from serving.model_folder import MAX_VERSION
from serving.server import tensor_json
from serving.server.json_values import TensorJsonError
from serving.server.model_service import ModelService
from serving.server.models import ModelSpec
from serving.server.prediction import (
    CLASSIFY,
    PREDICT,
    REGRESS,
    SIGNATURE_DEF,
    Predicted,
    Predictions,
)
from serving.server.request_validation import add_warnings
from serving.server.status import Code, ServableError
from serving.server.telemetry import Record

_MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_CALL = re.compile(_MODEL + r":(?P<verb>classify|regress|predict)", re.IGNORECASE)
_LOOK = re.compile(_MODEL + r"(?P<metadata>/metadata)?", re.IGNORECASE)
_NAMELESS = re.compile(r"/v1/models/?", re.IGNORECASE)


class RestCalls:
    """Answers requests; called from any thread.

    Args:
      predictions: asks the models.
      models: tells their status.
    """

    def __init__(self, predictions: Predictions, models: ModelService) -> None:
        self._predictions = predictions
        self._models = models

    def answer(
        self, record: Record, method: str, path: str, body: bytes, deadline: float | None
    ) -> bytes:
        """Answers one request.

        Args:
          record: of the request, filled here.
          method: such as `POST`.
          path: as sent, percent signs and all.
          body: as decompressed.
          deadline: by `time.monotonic`, after which nobody waits.

        Returns:
          A JSON document.

        Raises:
          ServableError: the request is refused.
        """
        with _json_errors():
            if method == "POST" and (call := _CALL.fullmatch(path)):
                return self._call(record, call, body, deadline)
            if method == "GET" and (look := _LOOK.fullmatch(path)):
                return self._look(record, look)
        if method == "GET" and _NAMELESS.fullmatch(path):
            raise ServableError(Code.INVALID_ARGUMENT, "Missing model name in request.")
        raise ServableError(Code.INVALID_ARGUMENT, f"Malformed request: {method} {path}")

    def start(
        self,
        record: Record,
        method: str,
        path: str,
        body: bytes,
        deadline: float | None,
        tell: Callable[[bytes, Exception | None], None],
    ) -> bool:
        """Begins to answer a Predict request whose model runs in batches; never waits.

        Args:
          record: as in `answer`, like the rest.
          method: as there.
          path: as there.
          body: as there.
          deadline: as there.
          tell: gets the JSON document, or why there is none, in another thread.

        Returns:
          False where nothing was begun: `answer` is to be used.

        Raises:
          ServableError: the request is refused.
        """
        call = _CALL.fullmatch(path) if method == "POST" and self._predictions.batches else None
        if call is None or call["verb"].lower() != "predict":
            return False
        record.model, record.api = unquote(call["name"]), PREDICT

        def finish(predicted: "futures.Future[Predicted]") -> None:
            content, failure = b"", None
            try:
                with _json_errors():
                    content = _predict_answer(record, predicted.result(), parsed.by_row)
            except Exception as error:  # told to the client like any other
                failure = error
            tell(content, failure)

        with _json_errors():
            parsed = tensor_json.parse_predict(body)
            spec = _model_spec(call, parsed.signature_name)
            self._predictions.start_predict(record, spec, _decoder(parsed), deadline, finish)
        return True

    def _call(
        self, record: Record, call: re.Match[str], body: bytes, deadline: float | None
    ) -> bytes:
        record.model = unquote(call["name"])
        verb = call["verb"].lower()
        if verb == "predict":
            return self._predict(record, call, body, deadline)
        from serving.server import example_json

        if verb == "classify":
            record.api = CLASSIFY
            request = example_json.classification_request(body)
            spec = _model_spec(call, request.model_spec.signature_name)
            response = self._predictions.classify(record, spec, request, deadline)
            return example_json.classification_answer(response)
        record.api = REGRESS
        request = example_json.regression_request(body)
        spec = _model_spec(call, request.model_spec.signature_name)
        response = self._predictions.regress(record, spec, request, deadline)
        return example_json.regression_answer(response)

    def _predict(
        self, record: Record, call: re.Match[str], body: bytes, deadline: float | None
    ) -> bytes:
        record.api = PREDICT
        parsed = tensor_json.parse_predict(body)
        spec = _model_spec(call, parsed.signature_name)
        answer = self._predictions.predict(record, spec, _decoder(parsed), (), deadline)
        return _predict_answer(record, answer, parsed.by_row)

    def _look(self, record: Record, look: re.Match[str]) -> bytes:
        record.model = unquote(look["name"])
        spec = _model_spec(look)
        if look["metadata"]:
            document = _metadata_json(self._predictions.metadata(record, spec))
        else:
            document = self._models.status_json(spec)
        return json.dumps(document, indent=1).encode()


@contextlib.contextmanager
def _json_errors() -> Iterator[None]:
    """Lets clients know of JSON that is no tensor."""
    try:
        yield
    except TensorJsonError as error:
        raise ServableError(Code.INVALID_ARGUMENT, str(error)) from error


def _decoder(parsed: tensor_json.PredictBody) -> Callable[[Any], Mapping[str, np.ndarray]]:
    """Returns what makes the inputs of a Predict request for a servable."""

    def decode(servable: Any) -> Mapping[str, np.ndarray]:
        dtypes = servable.input_dtypes(parsed.signature_name)
        return tensor_json.decode_inputs(parsed, dtypes)

    return decode


def _predict_answer(record: Record, answer: Predicted, by_row: bool) -> bytes:
    content = tensor_json.encode_outputs(answer.outputs, by_row)
    return add_warnings(content, record.oddities) if record.oddities else content


def _model_spec(match: re.Match[str], signature: str = "") -> ModelSpec:
    """Returns what a path asks for."""
    version = match["version"]
    if version is not None and (len(version) > 19 or int(version) > MAX_VERSION):
        raise ServableError(
            Code.INVALID_ARGUMENT, f"Failed to convert version: {version} to numeric."
        )
    return ModelSpec(
        unquote(match["name"]),
        None if version is None else int(version),
        unquote(match["label"] or ""),
        signature,
    )


def _metadata_json(message: Any) -> dict[str, Any]:
    """Returns a GetModelMetadataResponse as a JSON object."""
    from tensorflow_serving.apis import get_model_metadata_pb2

    signatures = get_model_metadata_pb2.SignatureDefMap()
    message.metadata[SIGNATURE_DEF].Unpack(signatures)
    return {
        "model_spec": _message_json(message.model_spec),
        "metadata": {SIGNATURE_DEF: _message_json(signatures)},
    }


def _message_json(message: Any) -> dict[str, Any]:
    from google.protobuf import json_format

    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, **{_print_defaults(): True}
    )


@functools.cache
def _print_defaults() -> str:
    """Returns the option that prints unset fields; protobuf 5 renamed it."""
    from google.protobuf import json_format

    known = inspect.signature(json_format.MessageToDict).parameters
    new = "always_print_fields_with_no_presence"
    return new if new in known else "including_default_value_fields"
