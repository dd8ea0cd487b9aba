"""Makes a task from what configurations and model cards say of it."""

from collections.abc import Callable
from typing import Any

from schema.alphabet import Alphabet
from trainer_module.hyperparameters import NETWORKS
from trainer_module.task_names import CHARACTERS, DETECTOR, LINES
from trainer_module.tasks.base import TrainingTask
from trainer_module.tasks.characters import CharactersTask
from trainer_module.tasks.detector import DetectorTask
from trainer_module.tasks.lines import LinesTask
from trainer_module.variation import Variation

_TASKS: dict[str, Callable[[Any, Alphabet, Variation], TrainingTask]] = {
    LINES: LinesTask,
    CHARACTERS: CharactersTask,
    DETECTOR: DetectorTask,
}


def make_task(
    name: str,
    network: str,
    hyperparameters: dict[str, Any],
    symbols: str,
    variation: Variation | None = None,
) -> TrainingTask:
    """Makes the task.

    Args:
      name: as in `trainer_module.task_names`.
      network: the network's name.
      hyperparameters: the fields of its record, as `dataclasses.asdict` or JSON has them.
      symbols: the alphabet.
      variation: of the training examples.
    """
    record = NETWORKS[network].from_dict(hyperparameters)
    return _TASKS[name](record, Alphabet(symbols), variation or Variation())
