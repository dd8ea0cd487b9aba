"""TensorProto messages -> arrays without TensorFlow, for clients and readers of request logs."""

import math
from typing import Any

import numpy as np

from serving.grpc_stubs import load_stubs

# The field of TensorProto that holds each dtype of a servable's outputs.
_FIELDS: dict[str, tuple[str, Any]] = {
    "DT_FLOAT": ("float_val", np.float32),
    "DT_DOUBLE": ("double_val", np.float64),
    "DT_INT32": ("int_val", np.int32),
    "DT_INT64": ("int64_val", np.int64),
    "DT_BOOL": ("bool_val", np.bool_),
    "DT_STRING": ("string_val", object),
}
_MOST_REPEATS = 1 << 20
"""A few bytes may name one value and a large shape: so many elements are filled in at most."""


def read_tensor(proto: Any) -> np.ndarray:
    """Returns the array of a TensorProto, which may leave out repeats of its last value.

    Args:
      proto: the message.

    Returns:
      an array, strings as an object array of bytes.

    Raises:
      ValueError: the dtype is none of a servable's outputs, or the values do not fill the shape.
    """
    kind = load_stubs().types.DataType.Name(proto.dtype)
    if kind not in _FIELDS:
        raise ValueError(f"a tensor of type {kind}")
    field, dtype = _FIELDS[kind]
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
    values = np.array(list(getattr(proto, field)), dtype)
    missing = math.prod(shape) - len(values)
    if len(values) and 0 < missing <= _MOST_REPEATS:
        values = np.concatenate([values, np.repeat(values[-1:], missing)])
    return values.reshape(shape)
