"""Reads the JSON of other tools: whatever it is not comes out as one line."""

import json
from pathlib import Path
from typing import Any

from schema.errors import InputError

MAX_BYTES = 1 << 30
"""Larger files are refused unread: they would not fit into memory as objects."""


def read_json_text(path: Path, what: str) -> str:
    """Returns the text of a file.

    Args:
      path: the file.
      what: it should be, for messages.

    Raises:
      InputError: there is none, or none in UTF-8.
    """
    if not path.is_file():
        raise InputError(f"expected {what}, got no file at {path}: give the path of the file")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            f"expected a file of at most {MAX_BYTES:,} bytes, got {path.stat().st_size:,} at "
            f"{path}: split it"
        )
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"expected {what} in UTF-8, got the byte 0x{error.object[error.start]:02x} at offset "
            f"{error.start} of {path}: export it again"
        ) from None


def parse_json(text: str, what: str, where: str) -> Any:
    """Returns the value of a JSON text.

    Raises:
      InputError: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise InputError(
            f"expected {what}, got no JSON ({told}) in {where}: export it again"
        ) from None


def to_json(value: Any, indent: int | None = None) -> str:
    """Returns JSON that people can read; NaN has no place in it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
