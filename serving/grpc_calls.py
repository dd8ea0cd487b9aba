"""TensorFlow Serving's gRPC methods as functions, for `serving.client` and the InfraValidator.

Speaks through the official stubs, without importing TensorFlow (`grpc_stubs`). Calls go straight
to the server, whatever proxy the environment names.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np

from serving.grpc_stubs import load_stubs
from serving.tensor_values import read_tensor

_CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)
_SIGNATURES = "signature_def"


class CallError(Exception):
    """A call that did not succeed: its status code and what the server says of it.

    Args:
      told: both, for people.
      code: the name of the gRPC status, such as "NOT_FOUND".
    """

    def __init__(self, told: str, code: str = "UNKNOWN") -> None:
        super().__init__(told)
        self.code = code


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
    trusted: str | None = None,
) -> dict[str, np.ndarray]:
    """Calls a signature whose inputs are strings, [N].

    Args:
      address: of the server, as `host:port` or `unix:path`.
      model_name: under which the server offers the model.
      signature_name: of the model.
      inputs: by name.
      timeout: seconds to wait for the answer.
      wanted: names of the outputs to ask for, all of them when empty.
      trusted: certificates in PEM form that the server is held against; without TLS where None.

    Returns:
      An array for each output; strings as object arrays of bytes.

    Raises:
      CallError: the server cannot be reached, refuses, or gives a tensor of another kind.
    """
    stubs = load_stubs()
    request = stubs.predict.PredictRequest()
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature_name
    request.output_filter.extend(wanted)
    for name, values in inputs.items():
        tensor = request.inputs[name]
        tensor.dtype = stubs.types.DT_STRING
        tensor.tensor_shape.dim.add(size=len(values))
        tensor.string_val.extend(values)
    with _channel(address, trusted) as channel:
        service = stubs.prediction_service.PredictionServiceStub(channel)
        response = service.Predict(request, timeout=timeout)
    return {name: _to_array(name, proto) for name, proto in response.outputs.items()}


def read_outputs(
    address: str,
    model_name: str,
    signature_name: str,
    timeout: float,
    trusted: str | None = None,
) -> frozenset[str]:
    """Returns the names of a signature's outputs, none where the model has no such signature.

    Arguments and errors are those of `predict`.
    """
    stubs = load_stubs()
    request = stubs.metadata.GetModelMetadataRequest()
    request.model_spec.name = model_name
    request.metadata_field.append(_SIGNATURES)
    with _channel(address, trusted) as channel:
        service = stubs.prediction_service.PredictionServiceStub(channel)
        response = service.GetModelMetadata(request, timeout=timeout)
    signatures = stubs.metadata.SignatureDefMap()
    response.metadata[_SIGNATURES].Unpack(signatures)
    known = signatures.signature_def
    return frozenset(known[signature_name].outputs if signature_name in known else ())


def read_status(address: str, model_name: str, timeout: float) -> ModelStatus:
    """Asks how far the model is loaded; arguments and errors as in `predict`."""
    stubs = load_stubs()
    request = stubs.status.GetModelStatusRequest()
    request.model_spec.name = model_name
    with _channel(address) as channel:
        service = stubs.model_service.ModelServiceStub(channel)
        response = service.GetModelStatus(request, timeout=timeout)
    newest = max(response.model_version_status, key=lambda each: each.version)
    state = stubs.status.ModelVersionStatus.State.Name(newest.state)
    return ModelStatus(state, newest.status.error_message)


@contextmanager
def _channel(address: str, trusted: str | None = None) -> Iterator[Any]:
    if trusted is None:
        opened = grpc.insecure_channel(address, _CHANNEL_OPTIONS)
    else:
        credentials = grpc.ssl_channel_credentials(trusted.encode())
        opened = grpc.secure_channel(address, credentials, _CHANNEL_OPTIONS)
    try:
        with opened as channel:
            yield channel
    except grpc.RpcError as error:
        code = error.code().name
        raise CallError(f"{code} {error.details()}", code) from error


def _to_array(name: str, proto: Any) -> np.ndarray:
    try:
        return read_tensor(proto)
    except ValueError as error:
        raise CallError(f"UNIMPLEMENTED output {name!r} is {error}", "UNIMPLEMENTED") from error
