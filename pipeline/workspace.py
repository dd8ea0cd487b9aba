"""The folder of a run: made, checked and held by one run at a time."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schema.errors import InputError

LOCK_FILE = ".lock"


@contextmanager
def hold_workspace(folder: Path) -> Iterator[Path]:
    """Makes the workspace and keeps other runs out until the block ends.

    The lock is the operating system's: a killed run leaves none behind.

    Raises:
      InputError: the folder cannot be written, or another run holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        lock = (folder / LOCK_FILE).open("w")
    except OSError as error:
        raise InputError(
            f"expected a workspace to write to, got {folder} ({error.strerror}): "
            "choose another with --workspace, or mend its permissions or the disk"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"expected a workspace of our own, got {folder}, which another run is using: "
                "wait for it to end, or choose another with --workspace"
            ) from None
        yield folder
