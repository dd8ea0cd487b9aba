"""Nested JSON lists <-> numpy arrays, for `tensor_json`; pure functions.

The first elements of the lists say the shape, everything else has to agree with it. Strings are
object arrays of bytes; a binary string stands in JSON as `{"b64": base64}`.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BYTES_SUFFIX = "_bytes"
"""Ends the name of an output that is binary and so travels as base64."""

_BASE64 = "b64"
_INFINITE = (float("inf"), float("-inf"))
_SHOWN = 60  # characters of an offending value that an error message shows


class TensorJsonError(ValueError):
    """A body or a tensor that does not fit the JSON form; one line that says where and why."""


def is_base64(value: Any) -> bool:
    """Tell whether a JSON value is the object form of a binary string."""
    return isinstance(value, dict) and value.keys() == {_BASE64}


def braced(names: Iterable[str]) -> str:
    """Return the names sorted in braces, for an error message."""
    return "{" + ",".join(sorted(names)) + "}"


def show(value: Any) -> str:
    """Return what a JSON value is, in a few words, for an error message."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object with {braced(value)}"
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


@dataclass(frozen=True)
class NestedValue:
    """The nested lists of one tensor and how to name a place in them.

    Args:
      value: a scalar or nested lists.
      base: the name of the whole, such as `instances`.
      member: what follows the first index, such as `.image_bytes`.
    """

    value: Any
    base: str
    member: str

    def place(self, index: Sequence[int]) -> str:
        """Return the name of an element, such as `instances[3].x[0]`."""
        first, rest = index[:1], index[1:]
        return self.base + _brackets(first) + (self.member if first else "") + _brackets(rest)

    def to_array(self, dtype: np.dtype) -> np.ndarray:
        """Return the tensor; the first elements say its shape.

        Raises:
          TensorJsonError: a list has another length or depth, or a value another type.
        """
        shape = _shape(self.value)
        leaves = self._leaves(shape)
        convert = _CONVERTERS.get(dtype.kind)
        if convert is None:
            raise TensorJsonError(f"{self.base}: tensors of type {dtype} have no JSON form")
        try:
            return convert(leaves, dtype).reshape(shape)
        except _BadLeafError as error:
            place = self.place(_unravel(error.number, shape))
            raise TensorJsonError(
                f"{place}: expected {error.expected}, got {show(leaves[error.number])}"
            ) from error

    def _leaves(self, shape: Sequence[int]) -> list[Any]:
        """Return the values of the innermost lists in order."""
        level = [self.value]
        for depth, size in enumerate(shape):
            for number, item in enumerate(level):
                if not isinstance(item, list) or len(item) != size:
                    got = f"{len(item)} elements" if isinstance(item, list) else show(item)
                    place = self.place(_unravel(number, shape[:depth]))
                    raise TensorJsonError(f"{place}: expected a list of {size} elements, got {got}")
            level = [element for item in level for element in item]
        for number, item in enumerate(level):
            if isinstance(item, list):
                place = self.place(_unravel(number, shape))
                raise TensorJsonError(f"{place}: expected a value, got a list")
        return level


class _BadLeafError(Exception):
    """The value with this number in reading order is not what was expected."""

    def __init__(self, number: int, expected: str) -> None:
        super().__init__(expected)
        self.number = number
        self.expected = expected


def _shape(value: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _unravel(number: int, shape: Sequence[int]) -> list[int]:
    return [int(i) for i in np.unravel_index(number, shape)] if shape else []


def _strings(leaves: list[Any], dtype: np.dtype) -> np.ndarray:
    array = np.empty(len(leaves), dtype=dtype)
    for number, leaf in enumerate(leaves):
        try:
            array[number] = leaf.encode() if isinstance(leaf, str) else decode_base64(leaf)
        except UnicodeEncodeError as error:
            raise _BadLeafError(number, "valid Unicode without lone surrogates") from error
        except (TypeError, binascii.Error, UnicodeError) as error:
            raise _BadLeafError(number, 'a string or {"b64": base64}') from error
    return array


def decode_base64(leaf: Any) -> bytes:
    """Decode `{"b64": text}`; white space and missing padding are tolerated.

    Raises:
      TypeError: it has another form.
      ValueError: the text is no base64.
    """
    if not is_base64(leaf) or not isinstance(leaf[_BASE64], str):
        raise TypeError("not a base64 object")
    text = "".join(leaf[_BASE64].split()).encode("ascii", "replace")
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def _floats(leaves: list[Any], dtype: np.dtype) -> np.ndarray:
    """Convert numbers; those that the type cannot hold are refused."""
    if set(map(type, leaves)) == {float}:
        with np.errstate(over="ignore"):
            array = np.array(leaves).astype(dtype)
        if not np.isinf(array).any():
            return array
    largest_whole = 2 ** (np.finfo(dtype).nmant + 1) - 1
    for number, leaf in enumerate(leaves):
        if type(leaf) is int:
            fits = abs(leaf) <= largest_whole
        elif type(leaf) is float:
            fits = leaf in _INFINITE or not np.isinf(_narrow(leaf, dtype))
        else:
            raise _BadLeafError(number, f"a number of type {dtype}")
        if not fits:
            raise _BadLeafError(number, f"a number that {dtype} holds without loss")
    return np.array(leaves, dtype=dtype)


def _narrow(number: float, dtype: np.dtype) -> Any:
    with np.errstate(over="ignore"):
        return np.float64(number).astype(dtype)


def _integers(leaves: list[Any], dtype: np.dtype) -> np.ndarray:
    limits = np.iinfo(dtype)
    low, high = int(limits.min), int(limits.max)
    for number, leaf in enumerate(leaves):
        if type(leaf) is not int or not low <= leaf <= high:
            raise _BadLeafError(number, f"a whole number of type {dtype}")
    return np.array(leaves, dtype=dtype)


def _booleans(leaves: list[Any], dtype: np.dtype) -> np.ndarray:
    for number, leaf in enumerate(leaves):
        if type(leaf) is not bool:
            raise _BadLeafError(number, "true or false")
    return np.array(leaves, dtype=dtype)


_CONVERTERS: dict[str, Callable[[list[Any], np.dtype], np.ndarray]] = {
    "O": _strings,
    "f": _floats,
    "i": _integers,
    "u": _integers,
    "b": _booleans,
}


def to_json(name: str, array: np.ndarray) -> Any:
    """Return the nested lists of an output tensor, base64 if its name ends in `_bytes`.

    Raises:
      TensorJsonError: the dtype has no JSON form, or a text is not UTF-8.
    """
    kind = array.dtype.kind
    if kind == "O":
        encode = _base64_object if name.endswith(BYTES_SUFFIX) else _text
        try:
            leaves: list[Any] = [encode(leaf) for leaf in array.ravel()]
        except UnicodeDecodeError as error:
            raise TensorJsonError(
                f"output {name!r} holds bytes that are not UTF-8: "
                f"export it as '{name}{BYTES_SUFFIX}' to get base64"
            ) from error
    elif kind == "f" and array.dtype.itemsize < 8:
        # Through the shortest text that reads back as the same number: 0.2, not 0.200000003.
        leaves = [float(str(leaf)) for leaf in array.ravel()]
    elif kind in _CONVERTERS:
        return array.tolist()
    else:
        raise TensorJsonError(f"output {name!r}: tensors of type {array.dtype} have no JSON form")
    return _nest(leaves, array.shape)


def _nest(leaves: list[Any], shape: tuple[int, ...]) -> Any:
    """Return the values in nested lists of this shape."""
    if not shape:
        return leaves[0]
    nested = np.empty(len(leaves), dtype=object)
    nested[:] = leaves
    return nested.reshape(shape).tolist()


def _text(leaf: bytes | str) -> str:
    return leaf.decode() if isinstance(leaf, bytes) else leaf


def _base64_object(leaf: bytes) -> dict[str, str]:
    return {_BASE64: base64.b64encode(leaf).decode("ascii")}


def _brackets(index: Sequence[int]) -> str:
    return "".join(f"[{i}]" for i in index)
