"""PredictionLog messages -> logged requests, of the embedded server and of TensorFlow Serving.

A Predict request of N pictures becomes N logged requests, as does a Classify or Regress one whose
examples hold pictures. What was asked with serialized examples is understood as well.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from schema.features import IMAGE
from serving.grpc_stubs import load_example, load_prediction_log
from serving.monitor.logged_request import (
    CHARACTERS,
    DETECTOR,
    LINES,
    PAGES,
    LoggedRequest,
    RecordId,
)
from serving.signatures import (
    BOXES,
    CHARACTER,
    CONFIDENCE,
    CONFIDENCES,
    COUNT,
    EXAMPLES,
    IMAGE_BYTES,
    LOGGED_LATENCY_MS,
    SCORES,
    TEXT,
    TEXTS,
)
from serving.tensor_values import read_tensor

_KINDS = {TEXTS: PAGES, TEXT: LINES, CHARACTER: CHARACTERS, BOXES: DETECTOR}
"""What tells a model's kind: the first of these outputs that it has."""
_OUTPUTS = (*_KINDS, CONFIDENCE, CONFIDENCES, COUNT, SCORES)
_LAST_TIME = 32_503_680_000  # the year 3000
_PREDICT = "predict_log"
_INFERENCE = {
    "classify_log": "Classify",
    "regress_log": "Regress",
    "multi_inference_log": "MultiInference",
}

Box = tuple[float, float, float, float]


class UnusableError(Exception):
    """A record that is no request for pictures; the message is a phrase that says why."""


def read_message(content: bytes, file: str, offset: int) -> list[LoggedRequest]:
    """Returns the pictures of a record and what was read in each.

    Args:
      content: a serialized PredictionLog.
      file: that the record lies in.
      offset: of the record in the file.

    Raises:
      UnusableError: it is none, or not of a request for pictures.
    """
    log = load_prediction_log()()
    _parse(log, content, "the record is no PredictionLog message")
    kind = log.WhichOneof("log_type")
    if kind == _PREDICT:
        images, answers = _read_predict(log.predict_log)
    elif kind in _INFERENCE:
        images, answers = _read_inference(getattr(log, kind), _INFERENCE[kind])
    else:
        raise UnusableError(f"a request of another kind than Predict or Classify ({kind})")
    model, version = _model_of(log, getattr(log, kind))
    time = log.log_metadata.timestamp_secs
    rate = log.log_metadata.sampling_config.sampling_rate
    return [
        LoggedRequest(
            record=RecordId(file, offset, row),
            model=model,
            version=version,
            timestamp=time if 0 <= time <= _LAST_TIME else 0,
            sampling_rate=rate if 0 < rate <= 1 else 1.0,
            image=image,
            **answer,
        )
        for row, (image, answer) in enumerate(zip(images, answers, strict=True))
    ]


def _model_of(log: Any, logged: Any) -> tuple[str, int | None]:
    """Returns the first name and version that any part of the message tells."""
    specs = [log.log_metadata.model_spec]
    specs += [
        part.model_spec
        for part in (logged.response, logged.request)
        if "model_spec" in part.DESCRIPTOR.fields_by_name
    ]
    if "results" in logged.response.DESCRIPTOR.fields_by_name:
        specs += [result.model_spec for result in logged.response.results]
    name = next((spec.name for spec in specs if spec.name), "")
    versions = (spec.version.value for spec in specs if spec.HasField("version"))
    return name, next(versions, None)


def _read_predict(logged: Any) -> tuple[list[bytes], list[dict[str, Any]]]:
    inputs = {
        name: _strings(name, logged.request.inputs[name])
        for name in (IMAGE_BYTES, EXAMPLES)
        if name in logged.request.inputs
    }
    if IMAGE_BYTES in inputs:
        images = inputs[IMAGE_BYTES]
    elif EXAMPLES in inputs:
        images = [_image_of(_parse_example(each)) for each in inputs[EXAMPLES]]
    else:
        named = ", ".join(sorted(logged.request.inputs)) or "none"
        raise UnusableError(f"expected the input {IMAGE_BYTES} or {EXAMPLES}, got {named}")
    logged_outputs = logged.response.outputs
    outputs = {
        name: _tensor(name, logged_outputs[name]) for name in _OUTPUTS if name in logged_outputs
    }
    for name, array in outputs.items():
        if array.shape[:1] != (len(images),):
            raise UnusableError(
                f"expected an answer to each of the pictures, got {name} for others"
            )
    latency = None
    if LOGGED_LATENCY_MS in logged_outputs:
        told = _tensor(LOGGED_LATENCY_MS, logged_outputs[LOGGED_LATENCY_MS])
        latency = _finite(told.sum())
    return images, [_answer(outputs, row, latency) for row in range(len(images))]


def _answer(outputs: Mapping[str, np.ndarray], row: int, latency: float | None) -> dict[str, Any]:
    """Returns the fields of a logged request that its outputs tell."""
    kind = next((kind for name, kind in _KINDS.items() if name in outputs), None)
    answer: dict[str, Any] = {
        "kind": kind,
        "reading": None,
        "confidence": None,
        "boxes": None,
        "latency_ms": latency,
    }
    if kind in (LINES, CHARACTERS):
        answer["reading"] = _text(outputs[TEXT if kind == LINES else CHARACTER][row])
    if CONFIDENCE in outputs:
        answer["confidence"] = _finite(np.ravel(outputs[CONFIDENCE][row])[:1].sum())
    if kind in (PAGES, DETECTOR):
        answer |= _page_answer({name: array[row] for name, array in outputs.items()})
    return answer


def _page_answer(row: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Returns what the outputs of one page tell: padding left out."""
    found = row.get(BOXES, np.empty((0, 4)))
    if found.ndim != 2 or found.shape[-1] != 4:
        raise UnusableError(f"expected {BOXES} of four numbers, got another shape")
    count = max(int(np.ravel(row[COUNT]).sum()), 0) if COUNT in row else len(found)
    sure = row.get(CONFIDENCES, row.get(SCORES))
    told = np.ravel(sure)[:count] if sure is not None else np.empty(0)
    return {
        "reading": "\n".join(map(_text, np.ravel(row[TEXTS])[:count])) if TEXTS in row else None,
        "confidence": _finite(told.mean()) if told.size else None,
        "boxes": tuple(_box(box) for box in found[:count].tolist()) if BOXES in row else None,
    }


def _box(corners: Sequence[float]) -> Box:
    top, left, bottom, right = map(float, corners)
    return top, left, bottom, right


def _read_inference(logged: Any, method: str) -> tuple[list[bytes], list[dict[str, Any]]]:
    """Reads a request that holds examples: Classify, Regress or MultiInference."""
    given = logged.request.input
    kind = given.WhichOneof("kind")
    if kind is None:
        raise UnusableError(f"a {method} request without examples")
    images = [_image_of(example) for example in getattr(given, kind).examples]
    classes = [_best_class(each, method) for each in _classifications(logged.response)]
    if classes and len(classes) != len(images):
        raise UnusableError(f"expected an answer to each of the examples of a {method} request")
    none = {"kind": None, "reading": None, "confidence": None}
    return images, classes or [none] * len(images)


def _classifications(response: Any) -> Iterable[Any]:
    """Returns the classes of each example; none of a regression."""
    results = response.results if "results" in response.DESCRIPTOR.fields_by_name else []
    for result in (*results, getattr(response, "result", None)):
        part = getattr(result, "classification_result", result)
        if hasattr(part, "classifications") and part.classifications:
            return list(part.classifications)
    return []


def _best_class(classes: Any, method: str) -> dict[str, Any]:
    if not classes.classes:
        raise UnusableError(f"expected a class for each of the examples of a {method} request")
    best = max(classes.classes, key=lambda each: each.score)
    return {
        "kind": CHARACTERS if len(best.label) == 1 else LINES,
        "reading": best.label,
        "confidence": _finite(best.score),
    }


def _strings(name: str, proto: Any) -> list[bytes]:
    array = _tensor(name, proto)
    if array.dtype != object or array.shape not in ((array.size,), (array.size, 1)):
        raise UnusableError(f"expected strings [N] in the input {name}, got something else")
    return list(array.ravel())


def _tensor(name: str, proto: Any) -> np.ndarray:
    try:
        return read_tensor(proto)
    except ValueError as error:
        raise UnusableError(
            f"the tensor {name} is damaged, or of a type that no model has"
        ) from error


def _parse_example(content: bytes) -> Any:
    example = load_example()()
    _parse(example, content, "a request whose examples are no tf.train.Example")
    return example


def _parse(message: Any, content: bytes, otherwise: str) -> None:
    try:
        read = message.ParseFromString(content)
    except DecodeError as error:
        raise UnusableError(otherwise) from error
    if read not in (None, len(content)):  # protobuf 3.20 only warns of an end in the middle
        raise UnusableError(otherwise)


def _image_of(example: Any) -> bytes:
    values = example.features.feature[IMAGE].bytes_list.value
    return bytes(values[0]) if values else b""


def _text(value: Any) -> str:
    """Returns a text; what is not UTF-8 becomes the sign for it, which no alphabet has."""
    found = np.ravel(np.asarray(value, object))
    return found[0].decode("utf-8", "replace") if len(found) and isinstance(found[0], bytes) else ""


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
