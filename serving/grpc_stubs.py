"""TensorFlow Serving's official gRPC stubs, without TensorFlow around them.

The stubs of `tensorflow-serving-api` name their tensors by modules within the package `tensorflow`,
and importing any of these runs all of TensorFlow first: seconds, for a client that needs the
messages alone. `load_stubs` imports the same modules from the same files with an empty package in
TensorFlow's place, and takes it away again. Whoever imports TensorFlow later gets all of it, with
the same message classes.
"""

import functools
import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TENSORFLOW = "tensorflow"
_MODULES = {
    "predict": "tensorflow_serving.apis.predict_pb2",
    "metadata": "tensorflow_serving.apis.get_model_metadata_pb2",
    "status": "tensorflow_serving.apis.get_model_status_pb2",
    "prediction_service": "tensorflow_serving.apis.prediction_service_pb2_grpc",
    "model_service": "tensorflow_serving.apis.model_service_pb2_grpc",
    "types": "tensorflow.core.framework.types_pb2",
}


@functools.cache
def load_stubs() -> Any:
    """Returns a namespace of the generated modules.

    Not to be called for the first time while another thread begins to import TensorFlow.

    Returns:
      `predict`, `metadata` and `status` (messages), `prediction_service` and `model_service`
      (stubs), `types` (the numbers of dtypes).

    Raises:
      ImportError: `tensorflow-serving-api` or TensorFlow's files are not installed.
    """
    with _bare_tensorflow():
        return types.SimpleNamespace(
            **{name: importlib.import_module(module) for name, module in _MODULES.items()}
        )


@functools.cache
def load_prediction_log() -> Any:
    """Returns the class of the messages that servers log, PredictionLog.

    What `load_stubs` says of threads and errors goes for this too.
    """
    with _bare_tensorflow():
        module: Any = importlib.import_module("tensorflow_serving.apis.prediction_log_pb2")
    return module.PredictionLog


@functools.cache
def load_example() -> Any:
    """Returns the class `tf.train.Example`; what `load_prediction_log` says goes for this too."""
    log = load_prediction_log()()
    return type(log.classify_log.request.input.example_list.examples.add())


@contextmanager
def _bare_tensorflow() -> Iterator[None]:
    """Puts a package without contents in TensorFlow's place, unless TensorFlow is there already."""
    if _TENSORFLOW in sys.modules:
        yield
        return
    found = importlib.util.find_spec(_TENSORFLOW)
    if found is None or found.submodule_search_locations is None:
        raise ImportError("the gRPC stubs need TensorFlow's message files: install tensorflow")
    bare = types.ModuleType(_TENSORFLOW)
    bare.__path__ = list(found.submodule_search_locations)
    sys.modules[_TENSORFLOW] = bare
    try:
        yield
    finally:
        # The parts too: TensorFlow must find itself as if nothing of it had been imported.
        for name in [name for name in sys.modules if name.partition(".")[0] == _TENSORFLOW]:
            del sys.modules[name]
