"""What `tune.py` and `sweep.py` do once TensorFlow may be imported: search, and tell of it."""

import json
import sys
from pathlib import Path
from typing import Any

from schema.errors import InputError
from trainer_module.task_names import ERROR_NAMES
from trainer_module.tracking.choice import TrackingChoice
from trainer_module.tuning.folder import PICTURE_FILE
from trainer_module.tuning.options import Limits
from trainer_module.tuning.outcome import Outcome, conclude, summarise_runs
from trainer_module.tuning.records import COMPLETED
from trainer_module.tuning.search import Search
from trainer_module.tuning.study import Study

_RUN_FAILED = 1


def run_study(study: Study, folder: Path, limits: Limits, tracking: TrackingChoice) -> int:
    """Searches or sweeps; returns the exit status."""
    Search(study, folder, limits, tracking).search()
    try:
        outcome = conclude(folder)
    except OSError as error:
        raise InputError(
            f"expected room for the outcome in {folder}, got {error.strerror}: make room, then run "
            "the same command again"
        ) from None
    content = outcome.as_json()
    if study.runs:
        rows = summarise_runs(outcome)
        _show_rows(rows, ERROR_NAMES[study.data.task])
        content["runs"] = rows
    else:
        _show_best(outcome, ERROR_NAMES[study.data.task])
    sys.stderr.write(f"picture: {folder / PICTURE_FILE}\n")
    sys.stdout.write(json.dumps(content) + "\n")
    all_well = outcome.count(COMPLETED) == len(outcome.trials)
    return _RUN_FAILED if study.runs and not all_well else 0


def _show_best(outcome: Outcome, error_name: str) -> None:
    best, defaults = outcome.best, outcome.defaults
    if best is None:
        return
    sys.stderr.write(f"best: trial {best.trial_id}, validation {error_name} {best.error:.2%}")
    if defaults is not None and defaults.error is not None:
        sys.stderr.write(
            f" after {best.epochs} epochs; the values to begin with: {defaults.error:.2%} after "
            f"{defaults.epochs}"
        )
    sys.stderr.write(f"\nto train with it: {outcome.as_json()['set']}\n")


def _show_rows(rows: list[dict[str, Any]], error_name: str) -> None:
    sys.stderr.write(f"{'validation ' + error_name:>20}  runs  settings\n")
    for row in rows:
        error = "failed" if row["error"] is None else f"{row['error']:.2%}"
        if row["deviation"] is not None:
            error += f" ± {row['deviation']:.2%}"
        settings = ", ".join(f"{name}={value}" for name, value in row["changes"].items())
        sys.stderr.write(f"{error:>20}  {row['completed']:>4}  {settings or 'as the model'}\n")
