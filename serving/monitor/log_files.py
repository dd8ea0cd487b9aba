"""Reads the records of a request log, whatever has happened to the file.

The framing is TFRecord's: length, checksum of the length, content, checksum of the content. A
reader that trusts it gives up at the first damaged byte. This one yields every record whose
checksums match, before and after the damage, and says what it had to leave out.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import google_crc32c
import numpy as np

from serving.monitor.profile import FileProblem

GZIP = b"\x1f\x8b\x08"
"""How a gzip file begins, and a record of 559,903 bytes."""
MAX_RECORD = 1 << 28
"""Bytes of a record; a longer one is taken for damage. gRPC's messages have 2 GiB at most, requests
for pictures far less."""

_HEAD, _TAIL = 12, 4  # bytes around the content
_CHUNK = 1 << 20
_MASK_DELTA = 0xA282EAD8

NOT_A_LOG = "no TFRecord file"
CUT_OFF = "ends within a record: cut off, or being written"
DAMAGED = "damaged bytes between records"
GZIP_DAMAGED = "the gzip stream is damaged or cut off"


@dataclass(frozen=True)
class Record:
    """A whole record.

    Args:
      offset: of its first byte in the file; in the unpacked one where it is a gzip file.
      content: without the framing.
    """

    offset: int
    content: bytes


def read_records(stream: BinaryIO, file: str) -> Iterator[Record | FileProblem]:
    """Yields the whole records of a file, and each damage in its place.

    Args:
      stream: at the beginning of the file, plain or gzip.
      file: its name, for the problems.

    Returns:
      records and problems in order; an unreadable file is a problem too. Never raises for what is
      in the file.
    """
    ahead = _Ahead(stream)
    found = False
    while ahead.peek(1):
        content = _record_at(ahead, 0)
        if content is not None:
            yield Record(ahead.offset, content)
            ahead.skip(_HEAD + len(content) + _TAIL)
            found = True
            continue
        begin, cut = ahead.offset, _is_cut(ahead)
        _skip_damage(ahead)
        if not ahead.peek(1):
            message = CUT_OFF if cut else DAMAGED if found else NOT_A_LOG
        else:
            message = DAMAGED
        yield FileProblem(file, begin, message, ahead.offset - begin)
    if ahead.problem:
        yield FileProblem(file, ahead.offset, ahead.problem, 0)


def frame_record(content: bytes) -> bytes:
    """Returns a record with TFRecord's framing around its content."""
    length = struct.pack("<Q", len(content))
    return b"".join(
        (
            length,
            struct.pack("<I", _checksum(length)),
            content,
            struct.pack("<I", _checksum(content)),
        )
    )


def _checksum(content: bytes) -> int:
    """Returns TFRecord's masked CRC-32C, as in tensorflow/core/lib/hash/crc32c.h."""
    crc = google_crc32c.value(content)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def _length_at(head: bytes) -> int | None:
    """Returns the length that a record's head tells; None where it is no head."""
    if len(head) < _HEAD:
        return None
    length, checksum = struct.unpack("<QI", head)
    if length > MAX_RECORD or _checksum(head[:8]) != checksum:
        return None
    return int(length)


def _record_at(ahead: "_Ahead", at: int) -> bytes | None:
    """Returns the content of the record that begins `at` bytes ahead, None if no whole one does."""
    length = _length_at(ahead.peek(_HEAD, at))
    if length is None:
        return None
    rest = ahead.peek(length + _TAIL, at + _HEAD)
    if len(rest) < length + _TAIL:
        return None
    content = rest[:length]
    (checksum,) = struct.unpack("<I", rest[length:])
    return content if _checksum(content) == checksum else None


def _is_cut(ahead: "_Ahead") -> bool:
    """Tells whether the file ends within the record that begins here."""
    head = ahead.peek(_HEAD)
    length = _length_at(head)
    if length is None:
        return len(head) < _HEAD
    return len(ahead.peek(_HEAD + length + _TAIL)) < _HEAD + length + _TAIL


def _skip_damage(ahead: "_Ahead") -> None:
    """Goes on to the next byte where a whole record begins, or to the end."""
    ahead.skip(1)
    while len(data := ahead.peek(_CHUNK)) >= _HEAD:
        for at in _candidates(data):
            if _record_at(ahead, at) is not None:
                ahead.skip(at)
                return
        ahead.skip(len(data) - _HEAD + 1)  # a head may begin in the last bytes
    ahead.skip(len(data))


def _candidates(data: bytes) -> list[int]:
    """Returns where a head may begin, by a look that is fast: a short length and a checksum."""
    values = np.frombuffer(data, np.uint8)
    count = len(values) - _HEAD + 1
    short = values[3 : 3 + count] < MAX_RECORD >> 24
    for number in range(4, 8):
        short &= values[number : number + count] == 0
    checked = np.zeros(count, bool)
    for number in range(8, 12):
        checked |= values[number : number + count] != 0
    return np.flatnonzero(short & checked).tolist()


class _Ahead:
    """A stream that can be looked at before it is read.

    Args:
      stream: at its beginning.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.offset = 0
        """Bytes that were skipped."""
        self.problem = ""
        """Why the stream ended before its end."""
        self._read = self._watch(lambda: stream.read(_CHUNK))
        self._data = bytearray()
        self._ended = False
        if self.peek(len(GZIP)) == GZIP and _length_at(self.peek(_HEAD)) is None:
            packed, self._data, self._ended = bytes(self._data), bytearray(), False
            pieces = _unpack(packed, self._read)
            self._read = self._watch(lambda: next(pieces, b""))

    def peek(self, count: int, at: int = 0) -> bytes:
        """Returns bytes from the one that is `at` ahead, fewer at the end."""
        while len(self._data) < at + count and not self._ended:
            piece = self._read()
            self._data += piece
            self._ended = not piece
        with memoryview(self._data) as view:
            return bytes(view[at : at + count])

    def skip(self, count: int) -> None:
        """Leaves bytes behind that were looked at."""
        count = min(count, len(self._data))
        del self._data[:count]
        self.offset += count

    def _watch(self, read: Callable[[], bytes]) -> Callable[[], bytes]:
        def watched() -> bytes:
            try:
                return read()
            except zlib.error:
                self.problem = GZIP_DAMAGED
            except OSError as error:
                self.problem = f"cannot be read on: {error.strerror or error}"
            return b""

        return watched


def _unpack(packed: bytes, read: Callable[[], bytes]) -> Iterator[bytes]:
    """Yields all that a gzip stream gives before its damage, then raises zlib.error."""
    unpacker = _unpacker()
    while packed or (packed := read()):
        before = unpacker.copy()
        try:
            piece = unpacker.decompress(packed, _CHUNK)
        except zlib.error:
            yield from _unpack_bytes(before, packed)
            raise
        if piece:
            yield piece
        packed = unpacker.unconsumed_tail
        if unpacker.eof:
            packed, unpacker = unpacker.unused_data, _unpacker()
            if not packed and not (packed := read()):
                return
    if piece := unpacker.flush():
        yield piece
    raise zlib.error


def _unpack_bytes(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    """Yields what comes before the damage in a piece, up to the byte."""
    for number in range(len(packed)):
        try:
            if piece := unpacker.decompress(packed[number : number + 1]):
                yield piece
        except zlib.error:
            return


def _unpacker() -> Any:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
