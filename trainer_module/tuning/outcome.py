"""What a search or a sweep came to: files for people and programs, and a picture."""

import csv
import io
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.whole_file import write_whole
from trainer_module.hyperparameters.space import as_label
from trainer_module.task_names import ERROR_NAMES
from trainer_module.tuning.folder import PICTURE_FILE, TABLE_FILE, TRIALS_FILE
from trainer_module.tuning.picture import draw_search
from trainer_module.tuning.records import (
    COMPLETED,
    FAILED,
    UNFINISHED,
    TrialRecord,
    best_trial,
    read_trials,
)
from trainer_module.tuning.study import Study, read_study


@dataclass(frozen=True)
class Outcome:
    """What a search came to.

    Args:
      study: what was searched.
      folder: of the search.
      trials: all of them.
    """

    study: Study
    folder: Path
    trials: tuple[TrialRecord, ...]

    @property
    def best(self) -> TrialRecord | None:
        """The completed trial with the lowest error."""
        return best_trial(list(self.trials))

    @property
    def defaults(self) -> TrialRecord | None:
        """The trial with the values that the search began with, of those the longest."""
        base = self.study.base.hyperparameters
        same = [each for each in self.trials if _plain(each.run.hyperparameters) == _plain(base)]
        done = [each for each in same if each.state == COMPLETED]
        return max(done, key=lambda each: each.epochs, default=None)

    def count(self, state: str) -> int:
        """Counts the trials in a state."""
        return sum(trial.state == state for trial in self.trials)

    def as_json(self) -> dict[str, Any]:
        """Returns what programs want to know of it."""
        best, defaults = self.best, self.defaults
        return {
            "folder": str(self.folder),
            "task": self.study.data.task,
            "dataset": self.study.data.dataset,
            "network": self.study.base.network,
            "algorithm": self.study.algorithm,
            "error": ERROR_NAMES[self.study.data.task],
            **{state: self.count(state) for state in (COMPLETED, FAILED, UNFINISHED)},
            "best": _brief(best) if best else None,
            "defaults": _brief(defaults) if defaults else None,
            "set": _as_settings(best) if best else None,
            "hyperparameters": best.run.hyperparameters if best else None,
            "train_steps": best.run.train_steps if best else None,
        }


def conclude(folder: Path) -> Outcome:
    """Writes trials.json, trials.csv and search.png into the folder of a search.

    Raises:
      InputError: there is no search.
      OSError: they cannot be written.
    """
    outcome = Outcome(read_study(folder), folder, tuple(read_trials(folder)))
    content = {**outcome.as_json(), "trials": [trial.as_json() for trial in outcome.trials]}
    write_whole(folder / TRIALS_FILE, json.dumps(content, indent=1).encode())
    write_whole(folder / TABLE_FILE, _table(outcome.trials).encode())
    write_whole(folder / PICTURE_FILE, draw_search(outcome.study, outcome.trials, outcome.best))
    return outcome


def summarise_runs(outcome: Outcome) -> list[dict[str, Any]]:
    """Returns a row for each set of changes of a sweep: runs that differ in their seed are one."""
    groups: dict[str, list[TrialRecord]] = {}
    for trial in outcome.trials:
        changes = {name: value for name, value in trial.run.changes.items() if name != "seed"}
        groups.setdefault(json.dumps(changes, sort_keys=True), []).append(trial)
    rows = [_summarise(json.loads(changes), trials) for changes, trials in groups.items()]
    return sorted(rows, key=lambda row: (row["error"] is None, row["error"] or 0.0))


def _summarise(changes: dict[str, Any], trials: Sequence[TrialRecord]) -> dict[str, Any]:
    errors = [each.error for each in trials if each.state == COMPLETED and each.error is not None]
    return {
        "changes": changes,
        "runs": [trial.run.name or trial.trial_id for trial in trials],
        "completed": len(errors),
        "failed": sum(trial.state == FAILED for trial in trials),
        "error": statistics.mean(errors) if errors else None,
        "deviation": statistics.stdev(errors) if len(errors) > 1 else None,
        "seconds": sum(trial.seconds for trial in trials),
    }


def _brief(trial: TrialRecord) -> dict[str, Any]:
    return {
        "trial": trial.trial_id,
        "name": trial.run.name or None,
        "validation_error": trial.error,
        "epochs": trial.epochs,
        "seconds": round(trial.seconds, 1),
        "changes": trial.run.changes,
    }


def _as_settings(trial: TrialRecord) -> str:
    """Writes the changes as the runners take them."""
    return " ".join(f"--set {name}={value}" for name, value in trial.run.changes.items())


def _plain(hyperparameters: dict[str, Any]) -> str:
    return json.dumps(hyperparameters, sort_keys=True)


def _table(trials: Sequence[TrialRecord]) -> str:
    names = list(dict.fromkeys(name for trial in trials for name in trial.run.changes))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ("trial", "name", "state", "validation_error", "epochs", "seconds", "parent", "reason")
    writer.writerow((*head, *names))
    for trial in trials:
        told = (trial.trial_id, trial.run.name, trial.state, trial.error, trial.epochs)
        rest = (round(trial.seconds, 1), trial.parent, trial.reason)
        changes = (as_label(trial.run.changes.get(name, "")) for name in names)
        writer.writerow((*told, *rest, *changes))
    return text.getvalue()
