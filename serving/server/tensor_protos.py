"""TensorProto messages <-> numpy arrays, for `grpc_service`, `warmup` and `request_log`."""

import functools
import math
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from serving.server.status import Code, ServableError

# A tensor message may name one value and a large shape. Beyond this many elements it must bring
# them all, or a few bytes could ask for all the memory.
_MAX_REPEATED = 1 << 20

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


def to_array(name: str, proto: Any) -> np.ndarray:
    """Returns the array of a TensorProto; strings as an object array of bytes.

    Raises:
      ServableError: INVALID_ARGUMENT, its shape and its values do not fit.
    """
    shape = [dim.size for dim in proto.tensor_shape.dim]
    elements = math.prod(shape)
    if min(shape, default=0) < 0 or elements > max(proto.ByteSize(), _MAX_REPEATED):
        raise ServableError(
            Code.INVALID_ARGUMENT, f"input {name!r}: the tensor does not fill its shape {shape}"
        )
    if proto.dtype == tf.string.as_datatype_enum and len(proto.string_val) == elements:
        # As below, in half the time: this is how pictures come.
        array = np.empty(elements, dtype=object)
        array[:] = proto.string_val
        return array.reshape(shape)
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError, OverflowError, LookupError) as error:
        raise ServableError(Code.INVALID_ARGUMENT, f"input {name!r}: {error}") from error


def fill_proto(proto: tensor_pb2.TensorProto, array: np.ndarray, packed: bool = False) -> None:
    """Writes an array into a TensorProto.

    Args:
      proto: an empty message.
      array: strings as an object array of bytes.
      packed: as `tensor_content` where the type has one; else one element after the other.

    Raises:
      ServableError: UNIMPLEMENTED, no field carries the dtype.
    """
    field, as_type, proto.dtype = _wire(array.dtype)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    values = np.ascontiguousarray(array).ravel()
    if packed and array.dtype != object:
        proto.tensor_content = values.tobytes()
    else:
        getattr(proto, field).extend((values.view(as_type) if as_type else values).tolist())


@functools.lru_cache
def _wire(dtype: np.dtype) -> tuple[str, str | None, int]:
    """Returns the field that carries a dtype, how its elements look there, and its number."""
    if dtype.name not in _FIELDS:
        raise ServableError(Code.UNIMPLEMENTED, f"cannot return a tensor of type {dtype}")
    return (*_FIELDS[dtype.name], int(tf.as_dtype(dtype).as_datatype_enum))
