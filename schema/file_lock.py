"""Locks of the operating system's on files: a killed process leaves none behind."""

import fcntl
from pathlib import Path
from typing import IO


def try_lock(path: Path) -> IO[bytes] | None:
    """Takes a lock for this process, and for those that inherit the open file.

    Args:
      path: of the lock file, which is made where absent, as is its folder.

    Returns:
      the open file, whose end is the end of the lock; None where somebody else has it.

    Raises:
      OSError: there can be no such file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError:
        file.close()
        raise
    return file
