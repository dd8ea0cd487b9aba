"""Checks a request against the SignatureDef that it names.

`servable` and `tflite_servable` do so alike; what comes out is a `SignatureCall`.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError
from serving.signatures import SERVING_DEFAULT


def find_signature(signatures: Mapping[str, Any], name: str) -> tuple[str, Any]:
    """Returns a signature and its name; an empty one means `serving_default`.

    Raises:
      ServableError: FAILED_PRECONDITION, there is none of this name.
    """
    name = name or SERVING_DEFAULT
    if name not in signatures:
        raise ServableError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    return name, signatures[name]


def prepare(
    name: str, signature: Any, inputs: Mapping[str, np.ndarray], output_filter: Sequence[str]
) -> SignatureCall:
    """Checks a request against a SignatureDef.

    Raises:
      ServableError: INVALID_ARGUMENT, inputs or filter do not fit it.
    """
    outputs = _wanted_outputs(signature, output_filter)
    _check_names(signature, inputs)
    aliases = tuple(sorted(signature.inputs))
    feeds = [
        _checked(alias, signature.inputs[alias], inputs[alias])
        if alias in inputs
        else tf.make_ndarray(signature.defaults[alias])
        for alias in aliases
    ]
    return SignatureCall(name, aliases, feeds, outputs)


def numpy_dtype(info: Any) -> np.dtype:
    """Returns the numpy dtype of a TensorInfo, `object` for strings.

    Raises:
      ServableError: UNIMPLEMENTED, it is no plain tensor.
    """
    if info.WhichOneof("encoding") != "name":
        raise ServableError(
            Code.UNIMPLEMENTED, "sparse and composite tensors in a signature are not supported"
        )
    return _as_numpy(info.dtype)


@functools.lru_cache
def _as_numpy(number: int) -> np.dtype:
    return np.dtype(tf.as_dtype(number).as_numpy_dtype)


def _wanted_outputs(signature: Any, output_filter: Sequence[str]) -> tuple[str, ...]:
    """Returns the outputs to compute, sorted so that equal sets share a callable."""
    for number, alias in enumerate(output_filter):
        if alias not in signature.outputs:
            raise ServableError(
                Code.INVALID_ARGUMENT,
                f"output tensor alias not found in signature: {alias} Outputs expected to be in "
                f"the set {_braced(signature.outputs)}.",
            )
        if alias in output_filter[:number]:
            raise ServableError(Code.INVALID_ARGUMENT, f"duplicate output tensor alias: {alias}")
    return tuple(sorted(output_filter or signature.outputs))


def _check_names(signature: Any, inputs: Mapping[str, np.ndarray]) -> None:
    extra = set(inputs) - set(signature.inputs)
    missing = set(signature.inputs) - set(inputs) - set(signature.defaults)
    if extra or missing:
        raise ServableError(
            Code.INVALID_ARGUMENT,
            f"input size does not match signature: {len(inputs)}!={len(signature.inputs)} "
            f"len({_braced(inputs)}) != len({_braced(signature.inputs)}). "
            f"Sent extra: {_braced(extra)}. Missing but required: {_braced(missing)}.",
        )


def _checked(alias: str, info: Any, array: np.ndarray) -> np.ndarray:
    """Returns the array if its dtype is the declared one; shapes are left to the model."""
    expected = numpy_dtype(info)
    if expected.kind == "O" and array.dtype.kind in "SU":
        return array.astype(object)
    if array.dtype != expected:
        raise ServableError(
            Code.INVALID_ARGUMENT,
            f"input {alias!r}: expected {_dtype_name(expected)}, got {_dtype_name(array.dtype)}",
        )
    return array


def _dtype_name(dtype: np.dtype) -> str:
    return "string" if dtype.kind == "O" else dtype.name


def _braced(names: Any) -> str:
    return "{" + ",".join(sorted(names)) + "}"
