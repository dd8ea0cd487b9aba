"""Folders that are there whole or not at all; what every writer of this package writes into."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schema.errors import InputError


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Gives a folder to fill, which becomes `path` when the block ends without an error.

    Args:
      path: must not be there yet, or be an empty folder.

    Raises:
      InputError: it is in use or cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"expected a new or empty folder, got another one at {path}: give another")
    draft = path.absolute().with_name(f".{path.name}.{uuid.uuid4().hex}.unfinished")
    try:
        draft.mkdir(parents=True)
        yield draft
        draft.replace(path)
    except OSError as error:
        raise InputError(
            f"expected to write to {path}, got {error.strerror} ({error.filename}): "
            "give a folder with room that may be written"
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
