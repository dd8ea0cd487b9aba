"""What a worker does with a trial: the Trainer's own training, kept where it can go on."""

import dataclasses
import json
import math
import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import keras_tuner
from keras_tuner import errors
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

from schema.errors import InputError
from serving.whole_file import write_whole
from trainer_module.task_names import ERROR_NAMES
from trainer_module.tasks.factory import make_task
from trainer_module.tracking.choice import TrackingChoice, make_tracker
from trainer_module.tracking.tracker import TrackedRun, Tracker
from trainer_module.train import train
from trainer_module.training_state import TrainingState
from trainer_module.tuning.folder import FAILURE_FILE, TRAINING, trial_folder
from trainer_module.tuning.no_room import is_no_room
from trainer_module.tuning.oracles import OBJECTIVE
from trainer_module.tuning.study import Run, Study
from trainer_module.variation import Variation

_POLL_SECONDS = 0.5


class TrialRunner(BaseTuner):
    """Keras Tuner's worker. Its environment says where the chief is.

    Args:
      study: what is searched.
      folder: of the search.
      tracking: who is told how each trial goes.
    """

    def __init__(self, study: Study, folder: Path, tracking: TrackingChoice) -> None:
        oracle = keras_tuner.Oracle(objective=keras_tuner.Objective(OBJECTIVE, "min"))
        super().__init__(oracle=oracle, directory=str(folder.parent), project_name=folder.name)
        self._study, self._folder, self._tracking = study, folder, tracking

    def reload(self) -> None:
        """Does nothing: all that matters is the chief's."""

    def save(self) -> None:
        """Does nothing, as above."""

    def pre_create_trial(self) -> None:
        """Leaves the chief alone for a moment: it may have nothing to do until others end."""
        time.sleep(_POLL_SECONDS)

    def run_trial(self, trial: Trial, *_: Any, **__: Any) -> dict[str, float]:
        """Trains; returns the error of the best epoch on the validation split.

        Raises:
          FailedTrialError: these hyperparameters cannot be trained with; the reason is kept.
          FatalError: no training can go on, since nothing can be written any more.
        """
        values = trial.hyperparameters.values
        folder = trial_folder(self._folder, trial.trial_id)
        try:
            forget_failure(folder)
            parent = values.get("tuner/trial_id")
            if parent:
                _go_on_from(trial_folder(self._folder, parent), folder)
            run = self._study.run_of(values)
            with self._tracked(trial.trial_id, run, parent) as tracker:
                stop_after = values.get("tuner/epochs")
                error = train_run(self._study, run, folder / TRAINING, stop_after, tracker)
        except Exception as error:  # whatever it is: the next trial may do better
            if is_no_room(error):
                raise errors.FatalRuntimeError(str(error)) from error
            _note_failure(folder, error)
            raise errors.FailedTrialError(str(error)) from error
        finally:
            keras.backend.clear_session()
        return {OBJECTIVE: error}

    @contextmanager
    def _tracked(self, trial_id: str, run: Run, parent: str | None) -> Iterator[Tracker]:
        """Gives a tracker that is begun, and ends it however the trial ends."""
        tracker = make_tracker(self._tracking)
        tracker.start(describe_trial_run(self._study, self._folder.name, trial_id, run, parent))
        try:
            yield tracker
        except BaseException:
            tracker.end(failed=True)
            raise
        tracker.end()


def describe_trial_run(
    study: Study, search: str, trial_id: str, run: Run, parent: str | None = None
) -> TrackedRun:
    """Names and files a trial for trackers.

    Args:
      study: what is searched.
      search: name of its folder, which all its trials are grouped by.
      trial_id: Keras Tuner's.
      run: the training.
      parent: the trial that it goes on from.
    """
    kind = "run" if study.runs else "trial"
    data = study.data
    return TrackedRun(
        name=f"{search} {run.name or trial_id}",
        group=search,
        tags=(data.task, run.network, data.dataset, study.algorithm, f"{kind} {trial_id}"),
        config={**dataclasses.asdict(run), "went_on_from": parent, "code": study.code},
        error_name=ERROR_NAMES[data.task],
        data=dataclasses.asdict(data),
    )


def train_run(
    study: Study, run: Run, folder: Path, stop_after: int | None, tracker: Tracker | None = None
) -> float:
    """Trains as the Trainer does.

    Args:
      study: says on what.
      run: says how.
      folder: keeps the training; one that was interrupted goes on.
      stop_after: epochs after which to stop, None for all.
      tracker: begun by the caller; is told of each epoch.

    Returns:
      the lowest validation error of an epoch.

    Raises:
      InputError: the data is bad, or the loss or the error is not finite.
    """
    data = study.data
    task = make_task(
        data.task,
        run.network,
        run.hyperparameters,
        data.symbols,
        Variation.from_dict(run.variation),
    )
    state = TrainingState.open(folder)
    base_model = Path(data.base_model) if data.base_model else None
    train(
        task,
        data.train_files,
        data.validation_files,
        run.train_steps,
        run.seed,
        state,
        base_model,
        stop_after,
        tracker,
    )
    error = state.best.validation_error if state.best else math.nan
    if not math.isfinite(error):
        raise InputError(f"expected a finite validation error, got {error}: see the log")
    return error


def forget_failure(folder: Path) -> None:
    """Takes away what an attempt at a trial left that has failed, so that the next begins anew.

    Its weights are gone already, and what it had learned is what failed.
    """
    if (folder / FAILURE_FILE).exists():
        shutil.rmtree(folder / TRAINING, ignore_errors=True)
        (folder / FAILURE_FILE).unlink()


def _go_on_from(parent: Path, folder: Path) -> None:
    """Copies a training once, and whole or not at all."""
    target = folder / TRAINING
    if target.exists() or not (parent / TRAINING).exists():
        return
    draft = folder / f"{TRAINING}.partial"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(parent / TRAINING, draft)
    draft.replace(target)


def _note_failure(folder: Path, error: Exception) -> None:
    lines = str(error).splitlines() or [""]
    reason = lines[0] if isinstance(error, InputError) else f"{type(error).__name__}: {lines[0]}"
    content = {"reason": reason, "traceback": traceback.format_exc()}
    write_whole(folder / FAILURE_FILE, json.dumps(content).encode())
