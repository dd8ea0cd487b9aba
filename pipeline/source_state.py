"""Which source code runs: the commit of the working tree, and a hash of what differs from it."""

import hashlib
import subprocess
from dataclasses import dataclass

from pipeline.fingerprint import PROJECT_ROOT

_SECONDS = 10.0


@dataclass(frozen=True)
class SourceState:
    """The state of the source code.

    Args:
      commit: empty outside of a working tree, and where there is no git.
      diff: hash of the changes since, 16 hexadecimal digits; empty where there are none.
    """

    commit: str = ""
    diff: str = ""


def read_source_state() -> SourceState:
    """Asks git. The hash of the code that the lineage keeps anyway needs none."""
    try:
        commit = _git("rev-parse", "HEAD").decode().strip()
        diff = _git("diff", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return SourceState()  # installed, or copied without its history
    return SourceState(commit, hashlib.sha256(diff).hexdigest()[:16] if diff else "")


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(PROJECT_ROOT), *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS).stdout
