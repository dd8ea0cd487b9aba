"""TensorFlow Serving's gRPC services on top of `versions`, for the official stubs.

Predict, GetModelMetadata and GetModelStatus; every other method answers UNIMPLEMENTED.
`model_server` starts it; the metadata message is shared with `rest_api`.
"""

import functools
import logging
import math
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from schema.errors import InputError
from serving.server.servable import Code, ServableError
from serving.server.versions import Lease, ModelVersions
from serving.signatures import SERVING_DEFAULT

SIGNATURE_DEF = "signature_def"
"""The one metadata field that exists."""

# A tensor message may name one value and a large shape. Beyond this many elements it must bring
# them all, or a few bytes could ask for all the memory.
_MAX_REPEATED = 1 << 20

_log = logging.getLogger(__name__)

# The field of TensorProto that carries each dtype, and how its elements look there. Clients read
# these fields (`response.outputs["y"].float_val`), so the packed `tensor_content` would not do.
_FIELDS: dict[str, tuple[str, str | None]] = {
    "float32": ("float_val", None),
    "float64": ("double_val", None),
    "int8": ("int_val", None),
    "int16": ("int_val", None),
    "int32": ("int_val", None),
    "uint8": ("int_val", None),
    "uint16": ("int_val", None),
    "int64": ("int64_val", None),
    "uint32": ("uint32_val", None),
    "uint64": ("uint64_val", None),
    "bool": ("bool_val", None),
    "object": ("string_val", None),
    "float16": ("half_val", "uint16"),
    "bfloat16": ("half_val", "uint16"),
    "complex64": ("scomplex_val", "float32"),
    "complex128": ("dcomplex_val", "float64"),
}


def start(versions: ModelVersions, address: str, max_request_bytes: int, threads: int) -> Any:
    """Serve both services and return the `grpc.Server` and the port it listens on.

    Args:
      versions: the model.
      address: `host:port`, port 0 for any free one.
      max_request_bytes: larger requests are refused with RESOURCE_EXHAUSTED.
      threads: requests that are worked on at a time; the others wait.

    Raises:
      InputError: the address cannot be listened on.
    """
    server = grpc.server(
        futures.ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        options=[
            # Without this a second server would share the port in silence.
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", max_request_bytes),
            ("grpc.max_send_message_length", -1),
        ],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(versions), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(versions), server)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError:  # older releases return 0
        port = 0
    if not port:
        raise InputError(f"cannot listen on {address} for gRPC: choose another --port or --host")
    server.start()
    return server, port


def _answering(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a method raises into the status of the call."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request)
        except ServableError as error:
            code, message = error.code, error.message
        except Exception as error:  # the boundary: a fault of the server, told and logged
            _log.exception("%s failed", method.__name__)
            code, message = Code.INTERNAL, f"{type(error).__name__}: {error}"
        return context.abort(grpc.StatusCode[code.name], message)

    return answer


def _unimplemented(self: Any, request: Any, context: Any) -> Any:
    """Answer UNIMPLEMENTED."""
    return context.abort(
        grpc.StatusCode.UNIMPLEMENTED, "the embedded model server does not offer this method"
    )


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata."""

    def __init__(self, versions: ModelVersions) -> None:
        self._versions = versions

    @_answering
    def Predict(self, request: Any) -> Any:  # noqa: N802 - named by the API
        """Call a signature of the model; typed fields carry the outputs."""
        with _lease(self._versions, request) as lease:
            signature_name = request.model_spec.signature_name or SERVING_DEFAULT
            inputs = {name: to_array(name, proto) for name, proto in request.inputs.items()}
            outputs = lease.servable.predict(signature_name, inputs, list(request.output_filter))
            response = predict_pb2.PredictResponse()
            response.model_spec.name = request.model_spec.name
            response.model_spec.version.value = lease.version
            response.model_spec.signature_name = signature_name
            for name, array in outputs.items():
                fill_proto(response.outputs[name], array)
            return response

    @_answering
    def GetModelMetadata(self, request: Any) -> Any:  # noqa: N802 - named by the API
        """Tell the signatures."""
        if list(request.metadata_field) != [SIGNATURE_DEF]:
            raise ServableError(
                Code.INVALID_ARGUMENT,
                f"metadata_field: expected [{SIGNATURE_DEF!r}], got {list(request.metadata_field)}",
            )
        with _lease(self._versions, request) as lease:
            return metadata(request.model_spec.name, lease)

    Classify = _unimplemented
    Regress = _unimplemented
    MultiInference = _unimplemented


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus."""

    def __init__(self, versions: ModelVersions) -> None:
        self._versions = versions

    @_answering
    def GetModelStatus(self, request: Any) -> Any:  # noqa: N802 - named by the API
        """Tell the state of one or all versions."""
        name, version, label = _model_spec(request)
        if label:
            with self._versions.lease(name, version, label) as lease:
                version = lease.version
        response = get_model_status_pb2.GetModelStatusResponse()
        for status in self._versions.statuses(name, version):
            told = response.model_version_status.add()
            told.version = status.version
            told.state = int(status.state)
            told.status.error_code = int(status.code)
            told.status.error_message = status.message
        return response

    HandleReloadConfigRequest = _unimplemented


def metadata(model_name: str, lease: Lease) -> Any:
    """Return the GetModelMetadataResponse of a loaded version."""
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in lease.servable.signatures.items():
        signatures.signature_def[name].CopyFrom(signature)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = model_name
    response.model_spec.version.value = lease.version
    response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response


def to_array(name: str, proto: Any) -> np.ndarray:
    """Return the array of a TensorProto; strings as an object array of bytes.

    Raises:
      ServableError: INVALID_ARGUMENT, its shape and its values do not fit.
    """
    shape = [dim.size for dim in proto.tensor_shape.dim]
    elements = math.prod(shape)
    if min(shape, default=0) < 0 or elements > max(proto.ByteSize(), _MAX_REPEATED):
        raise ServableError(
            Code.INVALID_ARGUMENT, f"input {name!r}: the tensor does not fill its shape {shape}"
        )
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        raise ServableError(Code.INVALID_ARGUMENT, f"input {name!r}: {error}") from error


def fill_proto(proto: tensor_pb2.TensorProto, array: np.ndarray) -> None:
    """Write an array into a TensorProto, one element after the other in its typed field.

    Raises:
      ServableError: UNIMPLEMENTED, no field carries the dtype.
    """
    if array.dtype.name not in _FIELDS:
        raise ServableError(Code.UNIMPLEMENTED, f"cannot return a tensor of type {array.dtype}")
    field, as_type = _FIELDS[array.dtype.name]
    proto.dtype = tf.as_dtype(array.dtype).as_datatype_enum
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    values = np.ascontiguousarray(array).ravel()
    getattr(proto, field).extend((values.view(as_type) if as_type else values).tolist())


def _model_spec(request: Any) -> tuple[str, int | None, str]:
    """Return the name, version and label that a request asks for."""
    if not request.HasField("model_spec"):
        raise ServableError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
    spec = request.model_spec
    return spec.name, spec.version.value if spec.HasField("version") else None, spec.version_label


def _lease(versions: ModelVersions, request: Any) -> Any:
    return versions.lease(*_model_spec(request))
