"""One version of a SavedModel in memory, called the way TensorFlow Serving calls it.

`loading` makes it and `versions` closes it; `prediction` prepares calls and has them run, directly
or in batches. The model is loaded into a session of its own and called through raw session
callables, since `Session.run` refuses shapes that TensorFlow Serving accepts; TF1, TF2 and Keras
SavedModels work alike.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from serving.server.base_servable import BaseServable
from serving.server.load_settings import DEFAULT_LOAD_SETTINGS, LoadSettings
from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError

# Each distinct output filter needs a callable; clients choose the filters, so their number is
# bounded. A dropped callable is built again in about a millisecond.
_MAX_CALLABLES = 64


class Servable(BaseServable):
    """A loaded SavedModel; its methods may be called from any thread.

    Args:
      path: the version folder, which holds `saved_model.pb`.
      settings: how it is loaded and run.

    Raises:
      Exception: whatever TensorFlow raises for a damaged or unsupported SavedModel.
    """

    runtime = "TF1"

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
        self.signatures = dict(meta_graph.signature_def)
        self._callable = functools.lru_cache(_MAX_CALLABLES)(self._make_callable)

    def run(self, call: SignatureCall) -> list[np.ndarray]:
        """As `BaseServable.run`, with TensorFlow's own status."""
        try:
            values = self._callable(call.signature, call.inputs, call.outputs)(*call.feeds)
        except tf.errors.OpError as error:
            raise ServableError(Code(error.error_code), error.message) from error
        return [_as_array(value) for value in values]

    def close(self) -> None:
        """Closes the session and frees its resources; no call may be running.

        Graph and session refer to each other in circles, for which `discard` has Python look.
        """
        self._callable.cache_clear()
        self._session.close()
        del self._session

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
