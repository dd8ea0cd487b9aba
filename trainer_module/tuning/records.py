"""What is known of each trial of a search, finished or not: read from its folder, without TF."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer_module.history import Epoch
from trainer_module.tuning.folder import FAILURE_FILE, TRAINING
from trainer_module.tuning.study import Run, Study, read_study

COMPLETED, FAILED, UNFINISHED = "completed", "failed", "unfinished"
_STATES = {"COMPLETED": COMPLETED, "FAILED": FAILED}
_STATE_FILE = "state.json"


@dataclass(frozen=True)
class TrialRecord:
    """A trial.

    Args:
      trial_id: Keras Tuner's.
      state: "completed", "failed" or "unfinished"; the latter goes on with the search.
      run: the training.
      error: of its best epoch on the validation split, None without any epoch.
      epochs: how many it has trained for, those of the trial that it went on from included.
      seconds: that these took.
      parent: the trial that it went on from, None where it began afresh.
      reason: why it failed.
      curve: its epochs.
    """

    trial_id: str
    state: str
    run: Run
    error: float | None
    epochs: int
    seconds: float
    parent: str | None
    reason: str | None
    curve: tuple[Epoch, ...]

    def as_json(self) -> dict[str, Any]:
        """Returns the record as JSON has it."""
        return dataclasses.asdict(self)


def read_trials(folder: Path) -> list[TrialRecord]:
    """Reads the trials of a search, in the order in which they began.

    Raises:
      InputError: there is no search.
    """
    study = read_study(folder)
    trials = [_read_trial(path.parent, study) for path in folder.glob("trial_*/trial.json")]
    return sorted(trials, key=lambda trial: int(trial.trial_id))


def best_trial(trials: list[TrialRecord]) -> TrialRecord | None:
    """Returns the completed trial with the lowest error, the earliest of equals."""
    done = [trial for trial in trials if trial.state == COMPLETED and trial.error is not None]
    return min(done, key=lambda trial: trial.error or 0.0, default=None)


def read_curve(folder: Path) -> tuple[Epoch, ...]:
    """Reads the learning curve of a trial's training so far."""
    path = folder / TRAINING / _STATE_FILE
    if not path.is_file():
        return ()
    return tuple(Epoch(**epoch) for epoch in json.loads(path.read_text())["history"])


def _read_trial(folder: Path, study: Study) -> TrialRecord:
    told = json.loads((folder / "trial.json").read_text(encoding="utf-8"))
    values = told["hyperparameters"]["values"]
    failure = folder / FAILURE_FILE
    curve = read_curve(folder)
    state = _STATES.get(told["status"], UNFINISHED)
    return TrialRecord(
        trial_id=told["trial_id"],
        state=state,
        run=study.run_of(values),
        error=min((epoch.validation_error for epoch in curve), default=None),
        epochs=len(curve),
        seconds=sum(epoch.seconds for epoch in curve),
        parent=values.get("tuner/trial_id"),
        reason=json.loads(failure.read_text())["reason"]
        if state == FAILED and failure.is_file()
        else None,
        curve=curve,
    )
