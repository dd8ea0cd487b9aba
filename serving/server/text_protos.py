"""Reads the text protos that the server's flags name; every fault is one line with the file."""

from pathlib import Path
from typing import Any

from google.protobuf import text_format

from schema.errors import InputError


def read_text_proto(path: Path, message: Any) -> Any:
    """Fills a message from a text file and returns it.

    Args:
      path: of the file.
      message: an empty message of the expected kind.

    Raises:
      InputError: the file cannot be read, or holds something else.
    """
    kind = message.DESCRIPTOR.name
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"expected a {kind} text proto, cannot read {path}: {error}") from None
    except text_format.ParseError as error:
        told = " ".join(str(error).split())
        raise InputError(
            f"expected a {kind} text proto, got {told} in {path}: mend the file"
        ) from None
