"""Trials of searches as entries, from the outcome files below a folder.

A search leaves `trials.json`: task, network, error, and its trials, each with state, run, error,
epochs, seconds, reason and curve.
"""

import json
from pathlib import Path
from typing import Any

from pipeline.leaderboard.entry import TRIAL, Entry
from schema.errors import InputError
from trainer_module.history import Epoch

_TRIALS_FILE = "trials.json"


def read_trial_entries(folder: Path) -> list[Entry]:
    """Reads every trial of every search below a folder.

    Raises:
      InputError: a search's outcome has another form.
    """
    found = sorted(folder.rglob(_TRIALS_FILE))
    return [entry for path in found for entry in _read_search(path)]


def _read_search(path: Path) -> list[Entry]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return [_make_entry(path, told, trial) for trial in told["trials"]]
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise InputError(
            f"expected the outcome of a search, got another form in {path} "
            f"({type(error).__name__}: {error}): move it away, or let the search end again"
        ) from None


def _make_entry(path: Path, told: dict[str, Any], trial: dict[str, Any]) -> Entry:
    run = trial["run"]
    return Entry(
        name=f"{path.parent.name}/{trial['trial_id']}",
        kind=TRIAL,
        task=told["task"],
        dataset=told.get("dataset", ""),
        network=run["network"],
        settings=", ".join(f"{key}={value}" for key, value in run.get("changes", {}).items()),
        error_name=told.get("error", "error"),
        validation_error=trial["error"],
        verdict=trial["state"] + (f": {trial['reason']}" if trial.get("reason") else ""),
        curve=tuple(Epoch(**epoch) for epoch in trial["curve"]),
        facts={"run": str(path.parent), "recipe": run, "seconds": trial["seconds"]},
    )
