"""What the machines of a cluster must know of a training, as JSON: the leader tells the others.

Between `run_fn`, which writes it, and `cluster_training`. Light to import.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrainingJob:
    """A training.

    Args:
      task: as in `trainer_module.task_names`.
      network: the network's name.
      symbols: the alphabet.
      hyperparameters: the fields of the network's record; its batch is that of all machines.
      variation: the fields of `Variation`.
      train_files: patterns of the transformed training examples, alike on all machines.
      validation_files: patterns of the transformed validation examples, for the leader.
      train_steps: rounded to whole epochs.
      seed: of weights, dropout and shuffling.
      state_folder: where the leader keeps the state.
      base_model: an exported model whose layers the network begins with.
    """

    task: str
    network: str
    symbols: str
    hyperparameters: dict[str, Any]
    variation: dict[str, Any]
    train_files: list[str]
    validation_files: list[str]
    train_steps: int
    seed: int
    state_folder: str
    base_model: str | None

    def to_json(self) -> str:
        """Returns it as text."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "TrainingJob":
        """Reads what `to_json` wrote."""
        return cls(**json.loads(text))
