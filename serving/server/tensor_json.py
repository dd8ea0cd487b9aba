"""The JSON of TensorFlow Serving's REST API <-> numpy arrays; pure functions, no TensorFlow.

`rest_api` parses a `:predict` body with `parse_predict`, learns the dtypes of the signature that it
names, gets the input tensors from `decode_inputs` and answers with `encode_outputs`. Strings are
object arrays of bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.server.json_values import (
    NestedValue,
    TensorJsonError,
    braced,
    is_base64,
    show,
    to_json,
)

_SIGNATURE_NAME = "signature_name"
_INSTANCES = "instances"
_INPUTS = "inputs"
_PREDICTIONS = "predictions"
_OUTPUTS = "outputs"


@dataclass(frozen=True)
class PredictBody:
    """A parsed `:predict` body.

    Args:
      signature_name: empty when the body names none.
      by_row: True for `instances`, False for `inputs`; the answer takes the same form.
      value: what stands under that key.
    """

    signature_name: str
    by_row: bool
    value: Any


def parse_predict(body: bytes) -> PredictBody:
    """Parse a `:predict` body.

    Raises:
      TensorJsonError: it is not a JSON object with exactly one of `instances` and `inputs`.
    """
    document = parse_object(body)
    signature_name = read_signature_name(document)
    if (_INSTANCES in document) == (_INPUTS in document):
        if _INPUTS in document:
            raise TensorJsonError("expected one of 'inputs' and 'instances', got both")
        raise TensorJsonError("Missing 'inputs' or 'instances' key")
    by_row = _INSTANCES in document
    value = document[_INSTANCES if by_row else _INPUTS]
    if by_row and not (isinstance(value, list) and value):
        raise TensorJsonError(f"'instances': expected a list with elements, got {show(value)}")
    return PredictBody(signature_name, by_row, value)


def decode_inputs(body: PredictBody, dtypes: Mapping[str, np.dtype]) -> dict[str, np.ndarray]:
    """Return the input tensors of a parsed body.

    Args:
      body: from `parse_predict`.
      dtypes: the dtype of each input of the signature, `object` for strings.

    Returns:
      An array for each input; in row form the first axis counts the instances.

    Raises:
      TensorJsonError: names are missing or unknown, a list is ragged, or a value has another type.
    """
    if not dtypes:
        raise TensorJsonError("the signature has no inputs, so there is nothing to send to it")
    columns = _columns(body.value, dtypes) if body.by_row else _named(body.value, dtypes)
    return {name: column.to_array(dtypes[name]) for name, column in columns.items()}


def encode_outputs(outputs: Mapping[str, np.ndarray], by_row: bool) -> bytes:
    """Return the body of the answer; a single output drops its name.

    Args:
      outputs: an array for each output; in row form all have the same first axis.
      by_row: True for `predictions`, False for `outputs`.

    Raises:
      TensorJsonError: an output has no JSON form, or outputs do not line up in rows.
    """
    if by_row:
        _check_batch(outputs)
    values: dict[str, Any] = {name: to_json(name, array) for name, array in outputs.items()}
    answer: Any
    if len(values) == 1:
        (answer,) = values.values()
    elif by_row:
        answer = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    else:
        answer = values
    document = {_PREDICTIONS if by_row else _OUTPUTS: answer}
    return json.dumps(document, ensure_ascii=False).encode()


def read_signature_name(document: Mapping[str, Any]) -> str:
    """Return the signature that a body names; empty when it names none.

    Raises:
      TensorJsonError: it is no string.
    """
    name = document.get(_SIGNATURE_NAME, "")
    if not isinstance(name, str):
        raise TensorJsonError(f"'signature_name': expected a string, got {show(name)}")
    return name


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a body that holds a JSON object.

    Raises:
      TensorJsonError: it holds something else.
    """
    try:
        document = json.loads(body.decode())
    except json.JSONDecodeError as error:
        raise TensorJsonError(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except UnicodeDecodeError as error:
        raise TensorJsonError(f"JSON Parse error: not UTF-8 at offset: {error.start}") from error
    except (ValueError, RecursionError) as error:  # a number too long or lists too deep
        raise TensorJsonError(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise TensorJsonError(f"expected a JSON object, got {show(document)}")
    return document


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _named(value: Any, dtypes: Mapping[str, np.dtype]) -> dict[str, NestedValue]:
    """Return the columns of the `inputs` form; like the original it ignores unknown names."""
    if _is_named(value):
        missing = dtypes.keys() - value.keys()
        if missing:
            raise TensorJsonError(f"'inputs': missing named inputs {braced(missing)}")
        return {name: NestedValue(value[name], f"inputs.{name}", "") for name in dtypes}
    if len(dtypes) > 1:
        raise TensorJsonError(f"'inputs': expected an object with {braced(dtypes)}, got one value")
    return {next(iter(dtypes)): NestedValue(value, "inputs", "")}


def _columns(rows: list[Any], dtypes: Mapping[str, np.dtype]) -> dict[str, NestedValue]:
    """Return the columns of the `instances` form: the values of each input over all rows."""
    if not _is_named(rows[0]):
        if len(dtypes) > 1:
            raise TensorJsonError(f"instances[0]: expected an object with {braced(dtypes)}")
        return {next(iter(dtypes)): NestedValue(rows, "instances", "")}
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or row.keys() != dtypes.keys():
            got = braced(row) if isinstance(row, dict) else show(row)
            raise TensorJsonError(
                f"instances[{number}]: expected an object with {braced(dtypes)}, got {got}"
            )
    return {
        name: NestedValue([row[name] for row in rows], "instances", f".{name}") for name in dtypes
    }


def _check_batch(outputs: Mapping[str, np.ndarray]) -> None:
    scalars = sorted(name for name, array in outputs.items() if array.ndim == 0)
    if scalars:
        raise TensorJsonError(
            f"outputs {braced(scalars)} are scalars without a batch axis: ask with 'inputs'"
        )
    sizes = {name: len(array) for name, array in outputs.items()}
    if len(set(sizes.values())) > 1:
        raise TensorJsonError(f"outputs have inconsistent batch sizes {sizes}: ask with 'inputs'")
