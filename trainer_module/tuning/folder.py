"""The folder of a search: what lies where in it, and who has it. Light to import.

FOLDER/study.json            what is searched
FOLDER/oracle.json           where Keras Tuner is
FOLDER/progress.json         seconds that earlier sessions took
FOLDER/trial_N/trial.json    a trial as Keras Tuner keeps it
FOLDER/trial_N/training/     its training, until it is not needed any more; its history stays
FOLDER/trial_N/failure.json  why it failed
FOLDER/logs/                 a log for each worker
FOLDER/trials.json, trials.csv, search.png    the outcome
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schema.errors import InputError
from schema.file_lock import try_lock

FAILURE_FILE, TRAINING, LOGS = "failure.json", "training", "logs"
TRIALS_FILE, TABLE_FILE, PICTURE_FILE = "trials.json", "trials.csv", "search.png"
_LOCK_FILE = ".lock"


def trial_folder(folder: Path, trial_id: str) -> Path:
    """Returns where Keras Tuner keeps a trial."""
    return folder / f"trial_{trial_id}"


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Makes the folder of a search and keeps other sessions out of it.

    Raises:
      InputError: it cannot be written, or another session has it.
    """
    try:
        lock = try_lock(folder / _LOCK_FILE)
    except OSError as error:
        raise InputError(
            f"expected a folder to write to, got {folder} ({error.strerror}): choose another, or "
            "mend its permissions or the disk"
        ) from None
    if lock is None:
        raise InputError(
            f"expected a search of our own, got {folder}, which another process is searching in: "
            "wait for it to end, or choose another folder"
        )
    with lock:
        yield
