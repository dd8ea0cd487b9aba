"""The gzip IDX format that MNIST and EMNIST are published in: read and write one array.

The lowest reader: `emnist.py` builds glyphs from these arrays, `sample/` writes them.

Layout, after decompression: two zero bytes, one byte for the element type, one byte for the
number of dimensions, each dimension as a big-endian uint32, then the elements in C order.
"""

import gzip
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from schema.errors import InputError

UINT8 = 0x08  # the element type of every MNIST and EMNIST file
RANKS = (1, 3)  # labels; images
GZIP_LEVEL = 6  # level 9 takes three times as long for 1 % fewer bytes

_REMEDY = "fetch or generate the file again"


def read_idx(path: Path) -> np.ndarray:
    """Returns the uint8 array of a gzip IDX file; the inverse of `write_idx`.

    Returns:
      labels [n] or images [n, height, width], uint8.

    Raises:
      InputError: the file is missing, not gzip, not IDX, or shorter or longer than it says.
    """
    content = _decompress(path)
    shape = _read_shape(content, path)
    start = 4 + 4 * len(shape)
    # Python integers: a damaged header can declare more than int64 holds.
    expected = start
    size = 1
    for length in shape:
        size *= length
    expected += size
    if len(content) != expected:
        what = "truncated" if len(content) < expected else "trailing bytes"
        raise InputError(
            f"expected {expected} bytes for the shape {shape}, got {len(content)} ({what}) "
            f"in {path}: {_REMEDY}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def write_idx(path: Path, array: np.ndarray) -> None:
    """Writes an array so that the same array always gives the same bytes.

    The file appears whole or not at all: it is written beside its place and moved there.

    Args:
      path: the file to write or replace; its folder exists.
      array: labels [n] or images [n, height, width], uint8.

    Raises:
      InputError: the array has another type or rank.
    """
    if array.dtype != np.uint8 or array.ndim not in RANKS:
        raise InputError(
            f"expected a uint8 array of rank 1 or 3, got {array.dtype} of rank {array.ndim} "
            f"for {path}: convert it before writing"
        )
    header = struct.pack(f">HBB{array.ndim}I", 0, UINT8, array.ndim, *array.shape)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with (
            partial.open("wb") as file,
            # No file name and no time in the header, so that the bytes depend on the array only.
            gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as stream,
        ):
            stream.write(header + array.tobytes())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _decompress(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read()
    except FileNotFoundError:
        raise InputError(f"expected a gzip IDX file, got no file at {path}: {_REMEDY}") from None
    except EOFError:
        raise InputError(
            f"expected a complete gzip stream, got a truncated one in {path}: {_REMEDY}"
        ) from None
    except (OSError, zlib.error) as error:
        raise InputError(f"expected a gzip IDX file, got {error} in {path}: {_REMEDY}") from None


def _read_shape(content: bytes, path: Path) -> tuple[int, ...]:
    magic = content[:4]
    if len(magic) < 4 or magic[:3] != bytes((0, 0, UINT8)) or magic[3] not in RANKS:
        raise InputError(
            f"expected the IDX magic 00000801 (labels) or 00000803 (images), "
            f"got {magic.hex() or 'nothing'} in {path}: {_REMEDY}"
        )
    rank = magic[3]
    if len(content) < 4 + 4 * rank:
        raise InputError(
            f"expected {rank} dimensions after the IDX magic, "
            f"got {len(content) - 4} bytes (truncated) in {path}: {_REMEDY}"
        )
    return struct.unpack(f">{rank}I", content[4 : 4 + 4 * rank])
