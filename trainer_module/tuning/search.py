"""Searches: Keras Tuner's chief in this process, its workers in processes of their own.

`tuner_fn.py`, `tune.py` and `sweep.py` come here. A search that is stopped or killed, whenever and
however, goes on where it was when it is run again: Keras Tuner's state is written after each event,
each training after each epoch.
"""

import contextlib
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import TrialStatus

from schema.errors import InputError
from serving.whole_file import write_whole
from trainer_module.tasks.factory import make_task
from trainer_module.tracking.choice import TrackingChoice
from trainer_module.train import TrainingPlan
from trainer_module.tuning.chief import serve_oracle, worker_environment
from trainer_module.tuning.devices import DevicePool
from trainer_module.tuning.folder import FAILURE_FILE, TRAINING, trial_folder
from trainer_module.tuning.options import Limits
from trainer_module.tuning.oracles import Durable, Extent, Hyperband, make_oracle, set_extent
from trainer_module.tuning.progress import SearchBar
from trainer_module.tuning.records import COMPLETED, UNFINISHED, TrialRecord, read_trials
from trainer_module.tuning.study import DEFAULT_TRIALS, HYPERBAND, Study, write_study
from trainer_module.tuning.worker import NO_ROOM
from trainer_module.tuning.workers import WorkerProcess

PROGRESS_FILE = "progress.json"
MAX_DEATHS = 3
"""Deaths of a worker on one trial that end the trial, or before its first one that end the search.
"""
MAX_FAILURES = 5
"""Trials that fail, with none before that ends well, after which the search stops."""

_POLL_SECONDS = 0.2
_SHOWN_EVERY = 1.0
_LOOK_FOR_DEVICES_EVERY = 10.0


class Search(BaseTuner):
    """A search as Keras Tuner and TFX know it: `search` runs it.

    Args:
      study: what is searched.
      folder: of the search, held by the caller; what it has of the same study goes on.
      limits: how long, and how many at once.
      tracking: who is told how each trial goes; decides nothing of the search.

    Attributes:
      folder: of the search.

    Raises:
      InputError: the data cannot be trained on, or there are fewer devices than workers, or the
        folder is of another search.
    """

    def __init__(
        self,
        study: Study,
        folder: Path,
        limits: Limits,
        tracking: TrackingChoice = TrackingChoice(),  # noqa: B008 - frozen
    ) -> None:
        write_study(study, folder)
        extent = find_extent(study, limits)
        self._study, self.folder, self._limits = study, folder, limits
        self._tracking = tracking
        self._pool = DevicePool(limits.parallel)
        with contextlib.redirect_stdout(sys.stderr):  # "Reloading Tuner from ..."
            super().__init__(
                oracle=make_oracle(study, extent),
                directory=str(folder.parent),
                project_name=folder.name,
            )
        set_extent(self.oracle, extent)
        if study.runs:
            self.oracle.retry_failed()
        self._workers: dict[str, WorkerProcess] = {}
        self._over: set[str] = set()
        self._deaths: Counter[str] = Counter()
        self._seconds_before = _seconds_before(folder)
        self._began = time.monotonic()

    def search(self, *_: Any, **__: Any) -> None:
        """Searches until there are no more trials or the time is over.

        Raises:
          InputError: no trial ends well, nothing can be written, or no worker can run.
        """
        self._began = time.monotonic()
        oracle: Durable = self.oracle
        try:
            self.save()
        except OSError as error:
            raise self._no_room(error) from None
        ended = set(oracle.end_order)
        bar = SearchBar(self._study, self.folder, self._total(), len(ended))
        for trial in self._read(ended):
            bar.note_end(trial, ended_before=True)
        try:
            if not oracle.is_done(self._total()):
                with serve_oracle(oracle) as port:
                    self._look_after(port, bar, ended)
        finally:
            for worker in self._workers.values():
                worker.stop()
                self._pool.give_back(worker.device)
            bar.close()
            self._write_seconds()
        self._check()
        limited = self._limits.trials or self._limits.minutes
        if isinstance(oracle, Hyperband) and not limited and oracle.is_done(self._total()):
            # The round is complete: no later trial goes on from one of these.
            for trial_id in oracle.end_order:
                drop_weights(self.folder, trial_id)

    def save(self) -> None:
        """Writes the search down."""
        self.oracle.save()

    def _get_tuner_fname(self) -> str:
        return str(self.folder / "oracle.json")  # there is nothing else to keep

    def search_space_summary(self, extended: bool = False) -> None:
        """Says nothing: `study.json` has the space."""

    def results_summary(self, num_trials: int = 10) -> None:
        """Says nothing: `outcome.py` tells of the results."""

    def trials(self) -> list[TrialRecord]:
        """Returns what is known of all trials."""
        return read_trials(self.folder)

    def _look_after(self, port: int, bar: SearchBar, ended: set[str]) -> None:
        shown = looked = -_LOOK_FOR_DEVICES_EVERY
        while len(self._over) < self._limits.parallel and not self._time_is_over():
            now = time.monotonic()
            if now - looked >= _LOOK_FOR_DEVICES_EVERY or not self._workers:
                looked = now
                self._start_workers(port, bar)
            self._look_at_workers(bar)
            if self.oracle.trouble is not None:
                raise self._no_room(self.oracle.trouble)
            if now - shown >= _SHOWN_EVERY:
                shown = now
                self._tell(bar, ended)
                self._write_seconds()
            time.sleep(_POLL_SECONDS)
        self._tell(bar, ended)

    def _start_workers(self, port: int, bar: SearchBar) -> None:
        """Begins those that do not run, as far as there are devices."""
        for number in range(1, self._limits.parallel + 1):
            name = f"worker{number}"
            if name in self._workers or name in self._over:
                continue
            device = self._pool.take()
            if device is None:
                if not self._workers and not self._over:
                    bar.say("waiting for a free GPU ...")
                return
            try:
                self._workers[name] = WorkerProcess.start(
                    name, self.folder, device, worker_environment(port, name), self._tracking
                )
            except OSError as error:
                self._pool.give_back(device)
                raise self._no_room(error) from None
            bar.say(f"{name} on {device.name}, log in {self._workers[name].log}")

    def _look_at_workers(self, bar: SearchBar) -> None:
        for name, worker in list(self._workers.items()):
            if worker.status is None:
                continue
            del self._workers[name]
            self._pool.give_back(worker.device)
            if worker.status == 0:
                self._over.add(name)
            elif worker.status == NO_ROOM:
                raise self._no_room(OSError(0, worker.how_it_ended()))
            else:
                self._mourn(worker, bar)

    def _mourn(self, worker: WorkerProcess, bar: SearchBar) -> None:
        """Lets another worker of the same name have the trial; ends one that kills each of them."""
        how = worker.how_it_ended()
        trial = self.oracle.ongoing_trials.get(worker.name)
        self._deaths[trial.trial_id if trial else worker.name] += 1
        if trial is None and self._deaths[worker.name] >= MAX_DEATHS:
            raise InputError(
                f"expected {worker.name} to begin a training, got that it {how}: mend that, then "
                "run the same command again"
            )
        bar.say(f"{worker.name} {how}; another one takes its place")
        if trial is not None and self._deaths[trial.trial_id] >= MAX_DEATHS:
            content = {"reason": f"its worker {how}, {MAX_DEATHS} times"}
            path = trial_folder(self.folder, trial.trial_id) / FAILURE_FILE
            write_whole(path, json.dumps(content).encode())
            trial.status = TrialStatus.FAILED
            self.oracle.end_trial(trial)

    def _tell(self, bar: SearchBar, ended: set[str]) -> None:
        """Tells of trials that have ended since, and takes away what none of them needs."""
        new = [trial_id for trial_id in list(self.oracle.end_order) if trial_id not in ended]
        ended.update(new)
        for trial in self._read(set(new)):
            bar.note_end(trial)
            if not isinstance(self.oracle, Hyperband) or trial.state != COMPLETED:
                drop_weights(self.folder, trial.trial_id)
        if new and len(ended) >= MAX_FAILURES:
            self._check()
        ongoing = dict(self.oracle.ongoing_trials)
        bar.show({name: trial.trial_id for name, trial in sorted(ongoing.items())})

    def _check(self) -> None:
        """Raises where trials have ended but none of them well."""
        if self._study.runs:
            return  # a sweep goes through its list whatever happens
        trials = list(self.oracle.trials.values())
        if any(trial.status == TrialStatus.COMPLETED for trial in trials):
            return
        known = self.trials()
        reasons = [trial.reason for trial in known if trial.reason]
        if reasons:
            raise InputError(
                f"expected a trial that ends well, got {len(reasons)} that failed, the first with: "
                f"{reasons[0]}"
            )
        unfinished = sum(trial.state == UNFINISHED for trial in known)
        raise InputError(
            f"expected time for a trial to end, got {unfinished} begun and none ended: run again "
            "with more --minutes to go on, or with fewer train steps"
        )

    def _read(self, trial_ids: set[str]) -> list[TrialRecord]:
        if not trial_ids:
            return []
        return [trial for trial in self.trials() if trial.trial_id in trial_ids]

    def _total(self) -> int | None:
        """Returns the trials that there will be, None where time or failures decide."""
        if self._limits.trials is None and isinstance(self.oracle, Hyperband):
            return None if self._limits.minutes else self.oracle.count_trials()
        return self.oracle.max_trials

    def _time_is_over(self) -> bool:
        limit = self._limits.minutes
        return limit is not None and self._seconds() >= 60 * limit

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    def _write_seconds(self) -> None:
        content = json.dumps({"seconds": round(self._seconds(), 1)})
        with contextlib.suppress(
            OSError
        ):  # the disk is full: told elsewhere, and the time is small
            write_whole(self.folder / PROGRESS_FILE, content.encode())

    def _no_room(self, error: OSError) -> InputError:
        return InputError(
            f"expected room to write to in {self.folder}, got {error.strerror or error}: make "
            "room, then run the same command again; all trials are kept and go on"
        )


def find_extent(study: Study, limits: Limits) -> Extent:
    """Looks at the data and returns how far the search goes.

    Raises:
      InputError: the data cannot be trained on, or Hyperband has too few epochs to halve.
    """
    if study.runs:
        return Extent(1, len(study.runs))
    base = study.base
    task = make_task(study.data.task, base.network, base.hyperparameters, study.data.symbols)
    batches = task.count_batches(study.data.train_files)
    task.count_batches(study.data.validation_files)
    epochs = TrainingPlan.of(base.train_steps, batches).epochs
    if study.algorithm != HYPERBAND:
        endless = limits.minutes is not None
        return Extent(epochs, limits.trials or (None if endless else DEFAULT_TRIALS))
    if epochs < 3:
        raise InputError(
            f"expected trainings of at least 3 epochs to stop some early, got {epochs}: "
            f"{base.train_steps} steps of {batches} an epoch; take more --train-steps, or search "
            "by random or bayesian"
        )
    return Extent(epochs, limits.trials, endless=bool(limits.trials or limits.minutes))


def drop_weights(folder: Path, trial_id: str) -> None:
    """Takes the weights of a trial away; its history stays."""
    for path in (trial_folder(folder, trial_id) / TRAINING).glob("*.weights.h5"):
        path.unlink()


def _seconds_before(folder: Path) -> float:
    path = folder / PROGRESS_FILE
    if not path.is_file():
        return 0.0
    return float(json.loads(path.read_text(encoding="utf-8"))["seconds"])
