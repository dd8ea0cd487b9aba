"""The gzip IDX format that MNIST and EMNIST are published in: read and write one array.

The lowest reader: `emnist.py` builds glyphs from these arrays, `sample/` writes them.

Layout, after decompression: two zero bytes, one byte for the element type, one byte for the
number of dimensions, each dimension as a big-endian uint32, then the elements in C order.
"""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from schema.errors import InputError

UINT8 = 0x08  # the element type of every MNIST and EMNIST file
RANKS = (1, 3)  # labels; images
GZIP_LEVEL = 6  # level 9 takes three times as long for 1 % fewer bytes
BLOCK_ITEMS = 4096
"""Items of a block: 3 MB of glyphs, or 4 kB of labels."""

_MAX_READ = 1 << 30  # bytes; what a damaged header asks for beyond is not there
_REMEDY = "fetch or generate the file again"


def read_idx(path: Path) -> np.ndarray:
    """Returns the uint8 array of a gzip IDX file; the inverse of `write_idx`.

    Returns:
      labels [n] or images [n, height, width], uint8.

    Raises:
      InputError: the file is missing, not gzip, not IDX, or shorter or longer than it says.
    """
    with _named(path), _open(path) as stream:
        shape = _read_shape(stream, path)
        blocks = list(_blocks(stream, shape, path))
    return np.concatenate(blocks) if blocks else np.empty(shape, np.uint8)


def stream_idx(path: Path) -> Iterator[np.ndarray]:
    """Yields what `read_idx` returns in blocks of at most `BLOCK_ITEMS`, one in memory at a time.

    Raises:
      InputError: as `read_idx`, at the block where it shows.
    """
    with _named(path), _open(path) as stream:
        yield from _blocks(stream, _read_shape(stream, path), path)


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


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turns the errors of a damaged file into ones that name it."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"expected a gzip IDX file, got no file at {path}: {_REMEDY}") from None
    except EOFError:
        raise InputError(
            f"expected a complete gzip stream, got a truncated one in {path}: {_REMEDY}"
        ) from None
    except (OSError, zlib.error) as error:
        raise InputError(f"expected a gzip IDX file, got {error} in {path}: {_REMEDY}") from None


def _blocks(stream: BinaryIO, shape: tuple[int, ...], path: Path) -> Iterator[np.ndarray]:
    """Yields the items that follow the header: uint8 [up to BLOCK_ITEMS, ...]."""
    item = math.prod(shape[1:])  # a Python integer: a damaged header can exceed int64
    expected, got = shape[0] * item, 0
    while got < expected:
        wanted = min(BLOCK_ITEMS * item, expected - got)
        content = stream.read(min(wanted, _MAX_READ))
        got += len(content)
        if len(content) < wanted:
            raise InputError(
                f"expected {expected} bytes for the shape {shape}, got {got} (truncated) "
                f"in {path}: {_REMEDY}"
            )
        yield np.frombuffer(content, np.uint8).reshape(-1, *shape[1:])
    if stream.read(1):
        raise InputError(
            f"expected {expected} bytes for the shape {shape}, got more (trailing bytes) "
            f"in {path}: {_REMEDY}"
        )


def _read_shape(stream: BinaryIO, path: Path) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != bytes((0, 0, UINT8)) or magic[3] not in RANKS:
        raise InputError(
            f"expected the IDX magic 00000801 (labels) or 00000803 (images), "
            f"got {magic.hex() or 'nothing'} in {path}: {_REMEDY}"
        )
    rank = magic[3]
    lengths = stream.read(4 * rank)
    if len(lengths) < 4 * rank:
        raise InputError(
            f"expected {rank} dimensions after the IDX magic, "
            f"got {len(lengths)} bytes (truncated) in {path}: {_REMEDY}"
        )
    return struct.unpack(f">{rank}I", lengths)
