"""One version of a LiteRT model (`model.tflite`), beside `servable`'s SavedModels.

Made by `loading` under `--prefer_tflite_model`. An interpreter works on one call at a time, so
there are several; each takes the shape of the batch that it is given.
"""

import queue
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from serving.litert_reader import make_interpreter
from serving.server.base_servable import BaseServable
from serving.server.methods import PREDICT_METHOD
from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError


class TfliteServable(BaseServable):
    """A loaded LiteRT model; its methods may be called from any thread.

    Args:
      path: of the model file.
      interpreters: calls that run at a time.

    Raises:
      ValueError: it is no model, or one without signatures.
    """

    runtime = "TFLite"

    def __init__(self, path: Path, interpreters: int = 1) -> None:
        model = path.read_bytes()
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(interpreters):
            interpreter = make_interpreter(model)
            self._idle.put(interpreter)
        self.signatures = _signature_defs(interpreter)
        if not self.signatures:
            raise ValueError(f"{path} has no signatures: export it with some")

    def prepare(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
    ) -> SignatureCall:
        """As `BaseServable.prepare`; an interpreter takes what it is given, so shapes count."""
        call = super().prepare(signature_name, inputs, output_filter)
        known = self.signatures[call.signature].inputs
        for alias, feed in zip(call.inputs, call.feeds, strict=True):
            _check_shape(alias, known[alias], feed)
        return call

    def run(self, call: SignatureCall) -> list[np.ndarray]:
        """As `BaseServable.run`."""
        interpreter = self._idle.get()
        try:
            runner = interpreter.get_signature_runner(call.signature)
            values = runner(**dict(zip(call.inputs, call.feeds, strict=True)))
        except (RuntimeError, ValueError) as error:
            raise ServableError(Code.INVALID_ARGUMENT, str(error)) from error
        finally:
            self._idle.put(interpreter)
        return [np.array(values[name]) for name in call.outputs]

    def close(self) -> None:
        """Frees the interpreters; no call may be running."""
        while not self._idle.empty():
            self._idle.get()


def _signature_defs(interpreter: Any) -> dict[str, Any]:
    """Returns a SignatureDef message for each signature."""
    made = {}
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        signature = meta_graph_pb2.SignatureDef(method_name=PREDICT_METHOD)
        for alias, details in runner.get_input_details().items():
            _fill_info(signature.inputs[alias], alias, details)
        for alias, details in runner.get_output_details().items():
            _fill_info(signature.outputs[alias], alias, details)
        made[name] = signature
    return made


def _check_shape(alias: str, info: Any, feed: np.ndarray) -> None:
    """Refuses what the interpreter would take for another shape in silence."""
    expected = [dim.size for dim in info.tensor_shape.dim]
    fits = len(expected) == feed.ndim and all(
        size in (-1, given) for size, given in zip(expected, feed.shape, strict=True)
    )
    if not fits:
        raise ServableError(
            Code.INVALID_ARGUMENT,
            f"input {alias!r}: expected shape {expected}, got {list(feed.shape)}",
        )


def _fill_info(info: Any, alias: str, details: Mapping[str, Any]) -> None:
    info.name = details.get("name") or alias
    info.dtype = tf.as_dtype(details["dtype"]).as_datatype_enum
    for size in details["shape_signature"]:
        info.tensor_shape.dim.add(size=int(size))
