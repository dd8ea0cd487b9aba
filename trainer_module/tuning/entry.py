"""How `tune` and `sweep` begin and end: one way for both. Light to import; TensorFlow comes after.

The last line on standard output is one JSON object. Stopped or killed, the same command goes on.
"""

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from schema.errors import InputError
from trainer_module.tracking.choice import TrackingChoice
from trainer_module.tuning.folder import hold_folder
from trainer_module.tuning.options import Limits
from trainer_module.tuning.study import Study

BAD_INPUT, INTERRUPTED = 2, 130


def run_command(name: str, command: Callable[[], int]) -> int:
    """Runs what a command line asks for.

    Args:
      name: of the command, for its errors.
      command: returns the exit status.

    Returns:
      the exit status: the command's, 2 for bad usage or bad data, 130 when interrupted.
    """
    # Before TensorFlow is imported: it tells of missing GPUs as errors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)
    try:
        return command()
    except InputError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write(f"{name}: interrupted; run the same command again to go on\n")
        return INTERRUPTED


def go_through(study: Study, folder: Path, limits: Limits, tracking: TrackingChoice) -> int:
    """Holds the folder of a search, imports TensorFlow and searches; returns the exit status."""
    with hold_folder(folder):
        told = f"{len(study.runs)} runs" if study.runs else "searching"
        sys.stderr.write(f"{told} in {folder}; importing TensorFlow ...\n")
        from trainer_module.tuning.command import run_study

        return run_study(study, folder, limits, tracking)
