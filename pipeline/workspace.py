"""The folder of a run: made, checked and held by one run at a time."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.buckets.address import parse_address
from pipeline.buckets.artifacts import MIRRORS, Artifacts
from pipeline.database import Database, parse_database
from schema.errors import InputError
from schema.file_lock import try_lock

METADATA_FILE = "metadata.url"
"""Names the database of the workspace's runs, where it is on a server."""
PUBLISH_FILE = "publish.url"
"""Names the bucket that the workspace's pushed models are published to, where there is one."""
ARTIFACTS_FILE = "artifacts.url"
"""Names the bucket that holds the artifacts of the workspace's runs, where one does."""
LOCK_FILE, PROMOTION_LOCK_FILE, PUBLISH_LOCK_FILE = ".lock", ".promotion-lock", ".publish-lock"


@dataclass(frozen=True)
class Workspace:
    """Where a workspace keeps what outlives a run."""

    folder: Path

    @property
    def database(self) -> Database:
        """The ML Metadata database: on the server that a run has named, or a file in the folder.

        Raises:
          InputError: what names it is damaged.
        """
        named = self.folder / METADATA_FILE
        if named.is_file():
            return parse_database(named.read_text(encoding="utf-8").strip())
        return self.folder / "metadata.sqlite"

    @property
    def artifacts(self) -> Artifacts:
        """Where the artifacts of the runs are: in the folder, or the bucket that a run has named.

        Raises:
          InputError: what names it is damaged.
        """
        named = self.folder / ARTIFACTS_FILE
        address = None
        if named.is_file():
            address = parse_address(named.read_text(encoding="utf-8").strip())
        return Artifacts(self.folder / MIRRORS, address)

    @property
    def pushed(self) -> Path:
        """Holds the base path of each pipeline's pushed versions."""
        return self.folder / "pushed"


@contextmanager
def hold_workspace(folder: Path) -> Iterator[Path]:
    """Makes the workspace and keeps other runs out until the block ends.

    Raises:
      InputError: the folder cannot be written, or another run holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    with _hold(folder, LOCK_FILE, "another run is using"):
        yield folder


@contextmanager
def hold_promotions(folder: Path) -> Iterator[None]:
    """Keeps other promotions out; a run goes on, so that a rollback need not wait for it.

    Raises:
      InputError: the folder cannot be written, or another promotion holds it.
    """
    with _hold(folder, PROMOTION_LOCK_FILE, "another promotion is changing"):
        yield


@contextmanager
def hold_publishing(folder: Path) -> Iterator[None]:
    """Keeps others from publishing what is pushed.

    Raises:
      InputError: the folder cannot be written, or somebody is publishing.
    """
    with _hold(folder, PUBLISH_LOCK_FILE, "another command is publishing from"):
        yield


def is_running(folder: Path) -> bool:
    """Whether a run is using the workspace."""
    try:
        with (folder / LOCK_FILE).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


@contextmanager
def _hold(folder: Path, lock_file: str, who: str) -> Iterator[None]:
    """Holds a lock of the operating system's: a killed process leaves none behind."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        lock = try_lock(folder / lock_file)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    if lock is None:
        raise InputError(
            f"expected a workspace of our own, got {folder}, which {who}: "
            "wait for it to end, or choose another with --workspace"
        )
    with lock:
        yield


def _cannot_write(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"expected a workspace to write to, got {folder} ({error.strerror}): "
        "choose another with --workspace, or mend its permissions or the disk"
    )
