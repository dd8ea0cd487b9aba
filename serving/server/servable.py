"""One version of a SavedModel in memory, called the way TensorFlow Serving calls it.

`loading` makes it and `versions` closes it; `prediction` prepares calls and has them run, directly
or in batches. The model is loaded into a session of its own and called through raw session
callables, since `Session.run` refuses shapes that TensorFlow Serving accepts; TF1, TF2 and Keras
SavedModels work alike.
"""

import functools
import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from serving.server.load_settings import DEFAULT_LOAD_SETTINGS, LoadSettings
from serving.server.signature_call import SignatureCall
from serving.server.signature_checks import find_signature, numpy_dtype, prepare
from serving.server.status import Code, ServableError

# Each distinct output filter needs a callable; clients choose the filters, so their number is
# bounded. A dropped callable is built again in about a millisecond.
_MAX_CALLABLES = 64


class Servable:
    """A loaded SavedModel; its methods may be called from any thread.

    Args:
      path: the version folder, which holds `saved_model.pb`.
      settings: how it is loaded and run.

    Raises:
      Exception: whatever TensorFlow raises for a damaged or unsupported SavedModel.
    """

    runtime = "TF1"
    """What metrics call this way of running a model."""

    def __init__(self, path: Path, settings: LoadSettings = DEFAULT_LOAD_SETTINGS) -> None:
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph, config=_session_config(settings))
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.loader.load(
                    self._session, list(settings.tags), str(path)
                )
        except BaseException:
            self._session.close()
            raise
        self.signatures: Mapping[str, Any] = dict(meta_graph.signature_def)
        self._callable = functools.lru_cache(_MAX_CALLABLES)(self._make_callable)

    def input_dtypes(self, signature_name: str = "") -> dict[str, np.dtype]:
        """Returns the numpy dtype of each input, `object` for strings.

        Raises:
          ServableError: FAILED_PRECONDITION, the signature does not exist.
        """
        _, signature = find_signature(self.signatures, signature_name)
        return {alias: numpy_dtype(info) for alias, info in signature.inputs.items()}

    def prepare(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
    ) -> SignatureCall:
        """Checks a request.

        Args:
          signature_name: empty for `serving_default`.
          inputs: an array for each input; strings as object arrays of bytes.
          output_filter: the outputs to compute, all when empty.

        Raises:
          ServableError: FAILED_PRECONDITION for an unknown signature, INVALID_ARGUMENT for inputs
            or a filter that do not fit it.
        """
        name, signature = find_signature(self.signatures, signature_name)
        return prepare(name, signature, inputs, output_filter)

    def run(self, call: SignatureCall) -> list[np.ndarray]:
        """Returns an array for each output of a prepared call; strings as objects.

        Raises:
          ServableError: the status of TensorFlow when the call fails.
        """
        try:
            values = self._callable(call.signature, call.inputs, call.outputs)(*call.feeds)
        except tf.errors.OpError as error:
            raise ServableError(Code(error.error_code), error.message) from error
        return [_as_array(value) for value in values]

    def predict(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Prepares and runs at once; returns an array for each output, sorted by name."""
        call = self.prepare(signature_name, inputs, output_filter)
        return dict(zip(call.outputs, self.run(call), strict=True))

    def close(self) -> None:
        """Frees the session and its resources; no call may be running."""
        self._callable.cache_clear()
        self._session.close()
        # Graph and session refer to each other in circles, through objects too few to make Python
        # look for them: without this each change of version would keep some megabytes.
        del self._session
        gc.collect()

    def _make_callable(
        self, signature_name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]
    ) -> Callable[..., list[Any]]:
        signature = self.signatures[signature_name]
        options = config_pb2.CallableOptions()
        options.feed.extend(signature.inputs[alias].name for alias in inputs)
        options.fetch.extend(signature.outputs[alias].name for alias in outputs)
        return self._session._make_callable_from_options(options)


def _session_config(settings: LoadSettings) -> Any:
    config = config_pb2.ConfigProto(
        allow_soft_placement=True,
        intra_op_parallelism_threads=settings.intra_op_threads,
        inter_op_parallelism_threads=settings.inter_op_threads,
    )
    if settings.gpu_memory_fraction:
        config.gpu_options.per_process_gpu_memory_fraction = settings.gpu_memory_fraction
    else:
        # Two versions share the device during a change of version, and a trainer may be there too.
        config.gpu_options.allow_growth = True
    return config


def _as_array(value: Any) -> np.ndarray:
    """Returns a fetched value as an array; a scalar string comes as plain bytes."""
    return np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)
