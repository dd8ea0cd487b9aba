"""Keras Tuner's oracles, made such that no trial is lost and the defaults come first.

The chief of a search holds one. Keras Tuner 1.4 writes its files in place, forgets to write down
that a trial has ended, keeps its lock when an error is raised under it, and takes seed 0 for none.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner import oracles
from keras_tuner.engine.hyperparameters import Float
from keras_tuner.engine.trial import Trial, TrialStatus

from serving.whole_file import write_whole
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.space import Choice, Space, as_label
from trainer_module.tuning.study import BAYESIAN, HYPERBAND, RANDOM, RUN, Study

OBJECTIVE = "validation_error"
"""The name that Keras Tuner knows the task's error by: CER, error rate or 1 - F1, on validation."""

HYPERBAND_FACTOR = 3
"""Of three trainings, the best one goes on for three times as long: the paper's usual choice."""

_DIGITS = 4
_NEVER = 10**9


@dataclasses.dataclass(frozen=True)
class Extent:
    """How far a search goes.

    Args:
      epochs: of a whole training.
      trials: after which none begins, None for one round of Hyperband; others need a number.
      endless: whether Hyperband begins another round when one is done.
    """

    epochs: int
    trials: int | None = None
    endless: bool = False


class Durable(keras_tuner.Oracle):
    """What all oracles here have in common; comes before Keras Tuner's class.

    Attributes:
      defaults: values of the first trial, None where they are not in the space.
      trouble: what kept the chief from writing down where the search is, None so far.
    """

    defaults: dict[str, Any] | None = None
    trouble: OSError | None = None
    end_order: list[str]
    trials: dict[str, Trial]
    _retry_queue: list[str]

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Chooses values, with as many digits as people read and as survive Keras Tuner's RPC."""
        response = super().populate_space(trial_id)
        values = response.get("values") or {}
        floats = {each.name for each in self.hyperparameters.space if isinstance(each, Float)}
        for name in floats & set(values):
            values[name] = float(f"{values[name]:.{_DIGITS}g}")
        return response

    def _random_values(self) -> dict[str, Any] | None:
        if not self.trials and self.defaults:
            return dict(self.defaults)
        return super()._random_values()

    def end_trial(self, trial: Trial) -> None:
        """Takes the end of a trial; one that ended before the chief was killed ends once."""
        trial.hyperparameters = self.trials[trial.trial_id].hyperparameters  # not 32 bits of them
        super().end_trial(trial)
        self.end_order = list(dict.fromkeys(self.end_order))
        self.save()  # once more: now it is not among the ongoing ones any longer

    def get_best_trials(self, num_trials: int | None = 1) -> list[Trial]:
        """Returns the best trials; TFX asks for None of them where there is no limit."""
        return super().get_best_trials(len(self.trials) if num_trials is None else num_trials)

    def reload(self) -> None:
        """Reads what an earlier session left, wherever in between two files it was killed."""
        super().reload()
        # In the order of their start, not of the folder's listing. One that is not among these was
        # given to nobody yet: its number is free again.
        self.trials = {each: self.trials[each] for each in self.start_order}
        over = [
            each.trial_id
            for each in self.trials.values()
            if each.status in (TrialStatus.COMPLETED, TrialStatus.FAILED)
        ]
        self._retry_queue = [each for each in self._retry_queue if each not in over]
        self.end_order = list(dict.fromkeys([*self.end_order, *over]))

    def retry_failed(self) -> None:
        """Has each trial that failed in an earlier session tried once more, before all others."""
        failed = [
            each.trial_id for each in self.trials.values() if each.status == TrialStatus.FAILED
        ]
        self.end_order = [each for each in self.end_order if each not in failed]
        self._retry_queue += [each for each in reversed(failed) if each not in self._retry_queue]

    def is_done(self, total: int | None) -> bool:
        """Whether an earlier session left nothing to do."""
        rest = self._retry_queue or self.ongoing_trials
        return total is not None and len(self.end_order) >= total and not rest

    def get_state(self) -> dict[str, Any]:
        """Returns the search as JSON: equal for equal searches, sets in order."""
        state: dict[str, Any] = super().get_state()
        return {**state, "tried_so_far": sorted(state["tried_so_far"])}

    def save(self) -> None:
        """Writes the search down."""
        self._write(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self, trial: Trial) -> None:
        self._write(Path(self._get_trial_dir(trial.trial_id), "trial.json"), trial.get_state())

    def _write(self, path: Path, state: dict[str, Any]) -> None:
        try:
            write_whole(path, json.dumps(state).encode())
        except OSError as error:
            self.trouble = error
            raise


class Hyperband(Durable, oracles.HyperbandOracle):
    """Many short trainings, of which the better ones go on (Li et al. 2018)."""

    def count_trials(self) -> int:
        """Counts the trials of one round, those that go on included."""
        return sum(
            self._get_size(bracket, number)
            for bracket in range(self._get_num_brackets())
            for number in range(self._get_num_rounds(bracket))
        )


class Bayesian(Durable, oracles.BayesianOptimizationOracle):
    """Each trial where a Gaussian process expects most of it (Snoek et al. 2012)."""


class Random(Durable, oracles.RandomSearchOracle):
    """Trials anywhere in the space (Bergstra and Bengio 2012)."""


class Listed(Durable, keras_tuner.Oracle):
    """The runs of a sweep, one after the other."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Gives out the next run."""
        return {"status": TrialStatus.RUNNING, "values": {RUN: len(self.trials)}}


def make_oracle(study: Study, extent: Extent) -> Durable:
    """Makes the oracle of a study; what an earlier session left is read by the tuner around it."""
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(OBJECTIVE, "min"),
        "hyperparameters": _as_hyperparameters(study.space, study.base.record),
        "seed": study.base.seed + 1,
        "max_consecutive_failed_trials": _NEVER,
    }
    if study.algorithm == HYPERBAND:
        oracle: Durable = Hyperband(
            max_epochs=extent.epochs, factor=HYPERBAND_FACTOR, hyperband_iterations=1, **common
        )
    elif study.algorithm == BAYESIAN:
        # As many random ones as a plane through the space needs; Keras Tuner's three times as many
        # would leave a search of an evening nothing to model.
        oracle = Bayesian(num_initial_points=len(study.space) + 1, **common)
    elif study.algorithm == RANDOM:
        oracle = Random(**common)
    else:
        oracle = Listed(**common)
    oracle.defaults = _defaults(study)
    oracle.verbose = 0
    return oracle


def set_extent(oracle: Durable, extent: Extent) -> None:
    """Tells how far to go, also past where an earlier session was to end."""
    oracle.max_trials = extent.trials
    if isinstance(oracle, Hyperband) and extent.endless:
        oracle.hyperband_iterations = _NEVER


def _as_hyperparameters(space: Space, base: Hyperparameters) -> keras_tuner.HyperParameters:
    found = keras_tuner.HyperParameters()
    for name, dimension in space.items():
        if isinstance(dimension, Choice):
            found.Choice(name, [as_label(value) for value in dimension.values], ordered=None)
        else:
            make = found.Int if dimension.whole else found.Float
            sampling = "log" if dimension.log else "linear"
            make(name, dimension.low, dimension.high, sampling=sampling)
    return found


def _defaults(study: Study) -> dict[str, Any] | None:
    """Returns the values of the study's base, or None where one of them is not in the space."""
    values = {name: getattr(study.base.record, name) for name in study.space}
    for name, dimension in study.space.items():
        if isinstance(dimension, Choice):
            inside = values[name] in dimension.values
        else:
            inside = dimension.low <= values[name] <= dimension.high
        if not inside:
            return None
    return {name: as_label(value) for name, value in values.items()} or None
