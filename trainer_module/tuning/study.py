"""What is searched: which data is trained on, how, and what may vary. Light to import.

A study is written down as `study.json` before the search begins, and its workers read it there.
"""

import dataclasses
import hashlib
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schema.errors import InputError
from serving.whole_file import write_whole
from trainer_module.hyperparameters import NETWORKS
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.space import Choice, Dimension, Range, Space, as_label, restore

STUDY_FILE = "study.json"
RUN = "run"
"""What a sweep varies for Keras Tuner: the number of the run in its list."""

HYPERBAND, BAYESIAN, RANDOM, LISTED = "hyperband", "bayesian", "random", "listed"
ALGORITHMS = (HYPERBAND, BAYESIAN, RANDOM)
"""`hyperband` first: it spends least on what does not learn (Li et al. 2018)."""

DEFAULT_TRIALS = 20


@dataclass(frozen=True)
class TrainingData:
    """What all trainings of a study have in common.

    Args:
      task: as in `trainer_module.task_names`.
      symbols: the alphabet.
      dataset: what the examples were made from, for people.
      train_files, validation_files: patterns of transformed examples. No study sees a test split.
      base_model: an exported model whose layers each training begins with.
    """

    task: str
    symbols: str
    dataset: str
    train_files: tuple[str, ...]
    validation_files: tuple[str, ...]
    base_model: str | None = None


@dataclass(frozen=True)
class Run:
    """One training.

    Args:
      network: the network's name.
      hyperparameters: the fields of its record.
      variation: the fields of `trainer_module.variation.Variation`.
      seed: of weights, dropout, shuffling and variation.
      train_steps: rounded to whole epochs.
      name: what people call it; empty in a search.
      changes: what it differs in from the others, for people.
    """

    network: str
    hyperparameters: dict[str, Any]
    variation: dict[str, Any]
    seed: int
    train_steps: int
    name: str = ""
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> Hyperparameters:
        """The hyperparameters as a record."""
        return NETWORKS[self.network].from_dict(self.hyperparameters)


@dataclass(frozen=True)
class Study:
    """A search, or a sweep through listed runs.

    Args:
      data: what is trained on.
      base: the training that the search varies; of a sweep, its first run.
      algorithm: one of `ALGORITHMS`, or `LISTED`.
      space: what a search varies.
      runs: what a sweep goes through.
      code: a hash of the code that trains, empty where nobody gave it.
    """

    data: TrainingData
    base: Run
    algorithm: str
    space: Space = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    code: str = ""

    @property
    def study_id(self) -> str:
        """Names the study by all that decides its trials, so that only the same one goes on."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def run_of(self, values: Mapping[str, Any]) -> Run:
        """Returns the training that Keras Tuner's values of a trial stand for."""
        if self.runs:
            return self.runs[int(values[RUN])]
        changes = restore_values(self.base.record, values)
        tuned = dataclasses.replace(self.base.record, **changes)
        return dataclasses.replace(
            self.base,
            hyperparameters=dataclasses.asdict(tuned),
            train_steps=scale_steps(self.base.train_steps, self.base.record, tuned),
            changes={name: as_label(value) for name, value in changes.items()},
        )

    def to_json(self) -> str:
        """Writes the study down."""
        content = dataclasses.asdict(dataclasses.replace(self, space={}))
        content["space"] = space_as_json(self.space)
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Study":
        """Reads what `to_json` wrote."""
        content = json.loads(text)
        data = content.pop("data")
        files = {name: tuple(data[name]) for name in ("train_files", "validation_files")}
        return cls(
            **{
                **content,
                "data": TrainingData(**(data | files)),
                "base": Run(**content["base"]),
                "runs": tuple(Run(**run) for run in content["runs"]),
                "space": space_from_json(content["space"]),
            }
        )


def space_as_json(space: Space) -> dict[str, Any]:
    """Returns a space as JSON has it; `space_from_json` is the inverse."""
    return {
        name: {type(dimension).__name__: dataclasses.asdict(dimension)}
        for name, dimension in space.items()
    }


def space_from_json(told: dict[str, Any]) -> Space:
    """Returns the space that `space_as_json` told."""
    return {name: _dimension(each) for name, each in told.items()}


def write_study(study: Study, folder: Path) -> None:
    """Writes the study into the folder of its search.

    Raises:
      InputError: the folder cannot be written, or belongs to another study.
    """
    path = folder / STUDY_FILE
    try:
        if path.is_file() and path.read_text(encoding="utf-8") != study.to_json():
            raise InputError(
                f"expected a folder for this search, got {folder} with another one: choose "
                "another folder"
            )
        write_whole(path, study.to_json().encode())
    except OSError as error:
        raise InputError(
            f"expected a folder to write to, got {folder} ({error.strerror}): choose another, or "
            "mend its permissions or the disk"
        ) from None


def read_study(folder: Path) -> Study:
    """Reads the study of a search's folder.

    Raises:
      InputError: there is none.
    """
    try:
        return Study.from_json((folder / STUDY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"expected a search with its {STUDY_FILE}, got {folder} ({error}): name the folder "
            "of a search"
        ) from None


def restore_values(base: Hyperparameters, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns hyperparameters as their record has them; Keras Tuner's own notes are left out."""
    kinds = typing.get_type_hints(type(base))
    return {
        name: restore(value, kinds[name])
        for name, value in values.items()
        if not name.startswith("tuner/")
    }


def scale_steps(train_steps: int, base: Hyperparameters, tuned: Hyperparameters) -> int:
    """Returns how many steps see as many examples with another batch size."""
    return max(1, round(train_steps * base.batch_size / tuned.batch_size))


def _dimension(told: dict[str, dict[str, Any]]) -> Dimension:
    [(kind, fields)] = told.items()
    if kind == Range.__name__:
        return Range(**fields)
    values = (tuple(each) if isinstance(each, list) else each for each in fields["values"])
    return Choice(tuple(values))
