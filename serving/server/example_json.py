"""The JSON bodies of `:classify` and `:regress` <-> their messages, for `rest_calls`.

A body holds `examples`, objects of features, and perhaps a `context` whose features belong to each
of them. A feature is a value or a list of values of one kind.
"""

import json
from typing import Any

import numpy as np
from tensorflow_serving.apis import classification_pb2, regression_pb2

from serving.server.json_values import TensorJsonError, decode_base64, is_base64, show
from serving.server.tensor_json import parse_object, read_signature_name

_EXAMPLES, _CONTEXT, _RESULTS = "examples", "context", "results"
_INT64 = range(-(2**63), 2**63)
_FLOAT32_MAX = 3.4028234663852886e38


def classification_request(body: bytes) -> Any:
    """Returns the ClassificationRequest of a body, with its signature's name.

    Raises:
      TensorJsonError: the body has another form.
    """
    return _fill(classification_pb2.ClassificationRequest(), body)


def regression_request(body: bytes) -> Any:
    """Returns the RegressionRequest of a body; as `classification_request`."""
    return _fill(regression_pb2.RegressionRequest(), body)


def classification_answer(response: Any) -> bytes:
    """Returns the body of the answer: for each example its pairs of label and score."""
    return _results(
        [
            [[one.label, _short(one.score)] for one in found.classes]
            for found in response.result.classifications
        ]
    )


def regression_answer(response: Any) -> bytes:
    """Returns the body of the answer: a number for each example."""
    return _results([_short(found.value) for found in response.result.regressions])


def _fill(request: Any, body: bytes) -> Any:
    document = parse_object(body)
    request.model_spec.signature_name = read_signature_name(document)
    if _EXAMPLES not in document:
        raise TensorJsonError(f"When method is classify or regress, key {_EXAMPLES!r} is expected")
    examples = document[_EXAMPLES]
    if not isinstance(examples, list) or not examples:
        raise TensorJsonError(f"{_EXAMPLES!r}: expected a list with elements, got {show(examples)}")
    context = document.get(_CONTEXT)
    if context is None:
        given = request.input.example_list
    else:
        given = request.input.example_list_with_context
        _fill_example(given.context, context, _CONTEXT)
    for number, example in enumerate(examples):
        _fill_example(given.examples.add(), example, f"{_EXAMPLES}[{number}]")
        twice = set(example) & set(context or {})
        if twice:
            raise TensorJsonError(
                f"{_EXAMPLES}[{number}]: features {sorted(twice)} are in the context already"
            )
    return request


def _fill_example(message: Any, value: Any, place: str) -> None:
    if not isinstance(value, dict):
        raise TensorJsonError(f"{place}: expected an object of features, got {show(value)}")
    for name, given in value.items():
        _check_text(name, place)
        values = given if isinstance(given, list) else [given]
        _fill_feature(message.features.feature[name], values, f"{place}.{name}")


def _fill_feature(feature: Any, values: list[Any], place: str) -> None:
    kinds = {_kind(value) for value in values}
    if kinds == {"float_list", "int64_list"}:
        # A list of decimal numbers of which some happen to be whole.
        kinds = {"float_list"}
    if len(kinds) > 1 or None in kinds:
        raise TensorJsonError(
            f"{place}: expected numbers, or strings, or base64 objects, got {show(values)}"
        )
    for kind in filter(None, kinds):
        getattr(feature, kind).value.extend(_value(value, kind, place) for value in values)


def _kind(value: Any) -> str | None:
    if isinstance(value, bool | int):
        return "int64_list"
    if isinstance(value, float):
        return "float_list"
    if isinstance(value, str) or is_base64(value):
        return "bytes_list"
    return None


def _value(value: Any, kind: str, place: str) -> Any:
    if kind == "bytes_list":
        return _bytes(value, place)
    if kind == "float_list":
        number = float(value)
        if abs(number) > _FLOAT32_MAX and abs(number) != float("inf"):
            raise TensorJsonError(f"{place}: {show(value)} is too large for a float")
        return number
    if int(value) not in _INT64:
        raise TensorJsonError(f"{place}: {show(value)} is too large for an int64")
    return int(value)


def _bytes(value: Any, place: str) -> bytes:
    try:
        return value.encode() if isinstance(value, str) else decode_base64(value)
    except (TypeError, ValueError) as error:
        raise TensorJsonError(f"{place}: expected a string or base64, got {error}") from error


def _check_text(name: str, place: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise TensorJsonError(f"{place}: a feature's name has lone surrogates") from error


def _short(value: float) -> float:
    """Returns a float32 as the shortest number that reads back as the same."""
    return float(str(np.float32(value)))


def _results(results: list[Any]) -> bytes:
    return json.dumps({_RESULTS: results}, ensure_ascii=False).encode()
