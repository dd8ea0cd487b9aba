"""One version of a SavedModel in memory, called the way TensorFlow Serving calls it.

`versions` loads and closes servables; `grpc_service` and `rest_api` call `predict` and turn a
`ServableError` into the status of their protocol. The model is loaded into a session of its own and
called through raw session callables, since `Session.run` refuses shapes that TensorFlow Serving
accepts; TF1, TF2 and Keras SavedModels work alike.
"""

import enum
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from serving.signatures import SERVING_DEFAULT

SERVE_TAG = "serve"
"""The tag of the meta graph that is loaded."""

# Each distinct output filter needs a callable; clients choose the filters, so their number is
# bounded. A dropped callable is built again in about a millisecond.
_MAX_CALLABLES = 64


class Code(enum.IntEnum):
    """The canonical status codes that gRPC and TensorFlow share, by name and number."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class ServableError(Exception):
    """A request that the server refuses or a model call that failed.

    Args:
      code: the canonical status; each protocol translates it.
      message: what the client gets to read.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Servable:
    """A loaded SavedModel; its methods may be called from any thread.

    Args:
      path: the version folder, which holds `saved_model.pb`.

    Raises:
      Exception: whatever TensorFlow raises for a damaged or unsupported SavedModel.
    """

    def __init__(self, path: Path) -> None:
        graph = tf.Graph()
        config = tf.compat.v1.ConfigProto(allow_soft_placement=True)
        # Two versions share the device during a change of version, and a trainer may be there too.
        config.gpu_options.allow_growth = True
        self._session = tf.compat.v1.Session(graph=graph, config=config)
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.loader.load(
                    self._session, [SERVE_TAG], str(path)
                )
        except BaseException:
            self._session.close()
            raise
        self.signatures: Mapping[str, Any] = dict(meta_graph.signature_def)
        self._callable = functools.lru_cache(_MAX_CALLABLES)(self._make_callable)

    def input_dtypes(self, signature_name: str = "") -> dict[str, np.dtype]:
        """Return the numpy dtype of each input, `object` for strings.

        Raises:
          ServableError: FAILED_PRECONDITION, the signature does not exist.
        """
        inputs = self._signature(signature_name).inputs
        return {alias: _numpy_dtype(info) for alias, info in inputs.items()}

    def predict(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Call a signature.

        Args:
          signature_name: empty for `serving_default`.
          inputs: an array for each input; strings as object arrays of bytes.
          output_filter: the outputs to compute, all when empty.

        Returns:
          An array for each output, sorted by name; strings as object arrays of bytes.

        Raises:
          ServableError: FAILED_PRECONDITION for an unknown signature, INVALID_ARGUMENT for inputs
            or a filter that do not fit it, and the status of TensorFlow when the call fails.
        """
        name = signature_name or SERVING_DEFAULT
        signature = self._signature(name)
        outputs = _wanted_outputs(name, signature, output_filter)
        feeds = _feeds(name, signature, inputs)
        try:
            values = self._callable(name, outputs)(*feeds)
        except tf.errors.OpError as error:
            raise ServableError(Code(error.error_code), error.message) from error
        return {alias: _as_array(value) for alias, value in zip(outputs, values, strict=True)}

    def close(self) -> None:
        """Free the session and its resources; no call may be running."""
        self._callable.cache_clear()
        self._session.close()

    def _signature(self, signature_name: str) -> Any:
        name = signature_name or SERVING_DEFAULT
        if name not in self.signatures:
            raise ServableError(
                Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.'
            )
        return self.signatures[name]

    def _make_callable(
        self, signature_name: str, outputs: tuple[str, ...]
    ) -> Callable[..., list[Any]]:
        signature = self.signatures[signature_name]
        options = config_pb2.CallableOptions()
        options.feed.extend(signature.inputs[alias].name for alias in sorted(signature.inputs))
        options.fetch.extend(signature.outputs[alias].name for alias in outputs)
        return self._session._make_callable_from_options(options)


def _wanted_outputs(name: str, signature: Any, output_filter: Sequence[str]) -> tuple[str, ...]:
    """Return the outputs to fetch, sorted so that equal sets share a callable."""
    known = sorted(signature.outputs)
    unknown = sorted(set(output_filter) - set(known))
    if unknown or len(set(output_filter)) != len(output_filter):
        raise ServableError(
            Code.INVALID_ARGUMENT,
            f"output_filter of signature {name!r}: expected distinct names among "
            f"{{{','.join(known)}}}, got [{','.join(output_filter)}]",
        )
    return tuple(sorted(output_filter) or known)


def _feeds(name: str, signature: Any, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return the checked input arrays in the order of the callable, sorted by name."""
    extra = set(inputs) - set(signature.inputs)
    missing = set(signature.inputs) - set(inputs) - set(signature.defaults)
    if extra or missing:
        raise ServableError(
            Code.INVALID_ARGUMENT,
            f"inputs do not match signature {name!r}: sent extra {{{','.join(sorted(extra))}}}, "
            f"missing but required {{{','.join(sorted(missing))}}}",
        )
    return [
        _checked(alias, signature.inputs[alias], inputs[alias])
        if alias in inputs
        else tf.make_ndarray(signature.defaults[alias])
        for alias in sorted(signature.inputs)
    ]


def _checked(alias: str, info: Any, array: np.ndarray) -> np.ndarray:
    """Return the array if its dtype is the declared one; shapes are left to the model."""
    expected = _numpy_dtype(info)
    if expected.kind == "O" and array.dtype.kind in "SU":
        return array.astype(object)
    if array.dtype != expected:
        raise ServableError(
            Code.INVALID_ARGUMENT,
            f"input {alias!r}: expected {_dtype_name(expected)}, got {_dtype_name(array.dtype)}",
        )
    return array


def _numpy_dtype(info: Any) -> np.dtype:
    """Return the numpy dtype of a TensorInfo."""
    if info.WhichOneof("encoding") != "name":
        raise ServableError(
            Code.UNIMPLEMENTED, "sparse and composite tensors in a signature are not supported"
        )
    return np.dtype(tf.as_dtype(info.dtype).as_numpy_dtype)


def _dtype_name(dtype: np.dtype) -> str:
    return "string" if dtype.kind == "O" else dtype.name


def _as_array(value: Any) -> np.ndarray:
    """Return a fetched value as an array; a scalar string comes as plain bytes."""
    return np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)
