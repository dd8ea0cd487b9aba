"""TensorFlow Serving's gRPC methods as functions, for `serving.client` and the InfraValidator.

Imports the official stubs, and TensorFlow with them. Calls go straight to the server, whatever
proxy the environment names.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

_CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)


class CallError(Exception):
    """A call that did not succeed: its status code and what the server says of it."""


@dataclass(frozen=True)
class ModelStatus:
    """How far the newest version of a model has come.

    Args:
      state: "START", "LOADING", "AVAILABLE", "UNLOADING" or "END".
      message: why it does not load, else "".
    """

    state: str
    message: str


def predict(
    address: str,
    model_name: str,
    signature_name: str,
    inputs: Mapping[str, Sequence[bytes]],
    timeout: float,
    wanted: Sequence[str] = (),
) -> dict[str, np.ndarray]:
    """Calls a signature whose inputs are strings, [N].

    Args:
      address: of the server, as `host:port` or `unix:path`.
      model_name: under which the server offers the model.
      signature_name: of the model.
      inputs: by name.
      timeout: seconds to wait for the answer.
      wanted: names of the outputs to ask for, all of them when empty.

    Returns:
      An array for each output; strings as object arrays of bytes.

    Raises:
      CallError: the server cannot be reached or refuses.
    """
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature_name
    request.output_filter.extend(wanted)
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(
            tf.make_tensor_proto(list(values), dtype=tf.string, shape=[len(values)])
        )
    with _channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        response = stub.Predict(request, timeout=timeout)
    return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}


def read_status(address: str, model_name: str, timeout: float) -> ModelStatus:
    """Asks how far the model is loaded; arguments and errors as in `predict`."""
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = model_name
    with _channel(address) as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        response = stub.GetModelStatus(request, timeout=timeout)
    newest = max(response.model_version_status, key=lambda each: each.version)
    state = get_model_status_pb2.ModelVersionStatus.State.Name(newest.state)
    return ModelStatus(state, newest.status.error_message)


@contextmanager
def _channel(address: str) -> Iterator[Any]:
    try:
        with grpc.insecure_channel(address, _CHANNEL_OPTIONS) as channel:
            yield channel
    except grpc.RpcError as error:
        raise CallError(f"{error.code().name} {error.details()}") from error
