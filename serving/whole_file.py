"""Files that are there whole or not at all, whatever happens while they are written."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> Path:
    """Replaces a file in one step, on the disk when this returns; its folder is made where absent.

    Whoever reads meanwhile, or after a crash, sees the old content or the new one. The draft
    begins with a dot and ends with `.tmp`: no pattern for the real file takes it up.

    Raises:
      OSError: it could not be written; the old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            # mkstemp's files are for their owner alone; others read reports and metrics.
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    _sync_folder(path.parent)
    return path


def _umask() -> int:
    mask = os.umask(0o077)  # the only way to read it
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Has the disk keep the new name as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
