"""The one view of a search: a bar over its trials, and a line for each that has ended."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tqdm import tqdm

from trainer_module.task_names import ERROR_NAMES
from trainer_module.tuning.folder import trial_folder
from trainer_module.tuning.records import COMPLETED, TrialRecord, read_curve
from trainer_module.tuning.study import Study


class SearchBar:
    """Shows how many trials are done, the best error so far, and what each worker is at.

    Args:
      study: what is searched.
      folder: of the search.
      total: trials that there will be, None where nobody knows.
      done: trials that earlier sessions ended.
    """

    def __init__(self, study: Study, folder: Path, total: int | None, done: int) -> None:
        self._error_name, self._folder = ERROR_NAMES[study.data.task], folder
        self._best = float("inf")
        self._bar = tqdm(
            total=total,
            initial=done,
            desc="runs" if study.runs else "trials",
            unit="",
            leave=False,
            disable=None,
        )

    def note_end(self, trial: TrialRecord, ended_before: bool = False) -> None:
        """Leaves a line about a trial; one that an earlier session ended counts for the best."""
        if trial.state == COMPLETED and trial.error is not None:
            self._best = min(self._best, trial.error)
        if not ended_before:
            self._bar.update()
            self.say(describe_trial(trial, self._error_name))

    def say(self, text: str) -> None:
        """Leaves a line."""
        tqdm.write(text, file=sys.stderr)

    def show(self, ongoing: Mapping[str, str]) -> None:
        """Shows what the workers are at: worker -> trial."""
        if self._bar.disable:
            return
        told = [f"best {self._error_name} {self._best:.2%}"] if self._best < float("inf") else []
        for trial_id in ongoing.values():
            curve = read_curve(trial_folder(self._folder, trial_id))
            at = f"epoch {len(curve) + 1}"
            seen = f" {curve[-1].validation_error:.2%}" if curve else ""
            told.append(f"{trial_id}: {at}{seen}")
        self._bar.set_postfix_str("; ".join(told))

    def close(self) -> None:
        """Takes the bar away."""
        self._bar.close()


def describe_trial(trial: TrialRecord, error_name: str) -> str:
    """Tells of a trial in one line."""
    named = f"run {trial.run.name}" if trial.run.name else f"trial {trial.trial_id}"
    varied = ", ".join(f"{name}={value}" for name, value in trial.run.changes.items())
    if trial.state != COMPLETED or trial.error is None:
        return f"{named} {trial.state}: {trial.reason or 'no reason was kept'} ({varied})"
    from_parent = f" (went on from {trial.parent})" if trial.parent else ""
    return (
        f"{named}: {error_name} {trial.error:.2%} after {trial.epochs} epochs{from_parent}, "
        f"{trial.seconds:.0f} s; {varied}"
    )
