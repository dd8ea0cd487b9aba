"""Refuses pictures whose head announces more pixels than a server can hold.

A few kilobytes of PNG may unpack to gigabytes. `prediction` looks at the heads of strings that are
pictures, without unpacking them, before the model does; what is no picture passes.
"""

import struct
from collections.abc import Mapping

import numpy as np

from serving.server.status import Code, ServableError

_PNG, _GIF, _BMP, _JPEG = b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"\xff\xd8"
_ALONE = {0x01, *range(0xD0, 0xD9)}  # JPEG's markers without a length
_NO_FRAME = {0xC4, 0xC8, 0xCC}  # among 0xC0 to 0xCF, which otherwise begin a frame
_START_OF_SCAN = 0xDA


def check_images(inputs: Mapping[str, np.ndarray], limit: int) -> None:
    """Checks every string that begins as a PNG, JPEG, GIF or BMP does.

    Args:
      inputs: of a request.
      limit: pixels that a picture may have.

    Raises:
      ServableError: INVALID_ARGUMENT, a picture has more.
    """
    for name, array in inputs.items():
        if array.dtype != object:
            continue
        for value in array.flat:
            width, height = image_size(value) if isinstance(value, bytes) else (0, 0)
            if width * height > limit:
                raise ServableError(
                    Code.INVALID_ARGUMENT,
                    f"input {name!r}: expected pictures of at most {limit} pixels, got one of "
                    f"{width} x {height}",
                )


def image_size(data: bytes) -> tuple[int, int]:
    """Returns the width and height that the head of a picture announces; zeros where none does."""
    try:
        if data.startswith(_PNG):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(_GIF):
            return struct.unpack_from("<HH", data, 6)
        if data.startswith(_BMP):
            width, height = struct.unpack_from("<ii", data, 18)
            return abs(width), abs(height)
        if data.startswith(_JPEG):
            return _jpeg_size(data)
    except (struct.error, IndexError):  # shorter than its head
        pass
    return 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Looks through the segments for the frame's head, as in ITU T.81, annex B."""
    at = len(_JPEG)
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            return 0, 0
        while data[at] == 0xFF:  # any number of fill bytes
            at += 1
        marker = data[at]
        at += 1
        if marker in _ALONE or marker == 0:
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        if marker == _START_OF_SCAN:
            return 0, 0
        at += struct.unpack_from(">H", data, at)[0]
