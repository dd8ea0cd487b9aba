"""Makes a task from what configurations and model cards say of it."""

from collections.abc import Callable
from typing import Any

from schema.alphabet import Alphabet
from trainer_module.hyperparameters import NETWORKS
from trainer_module.task_names import CHARACTERS, LINES
from trainer_module.tasks.base import TrainingTask
from trainer_module.tasks.characters import CharactersTask
from trainer_module.tasks.lines import LinesTask

_TASKS: dict[str, Callable[[Any, Alphabet], TrainingTask]] = {
    LINES: LinesTask,
    CHARACTERS: CharactersTask,
}


def make_task(
    name: str, network: str, hyperparameters: dict[str, Any], symbols: str
) -> TrainingTask:
    """Makes the task.

    Args:
      name: as in `trainer_module.task_names`.
      network: the network's name.
      hyperparameters: the fields of its record, as `dataclasses.asdict` or JSON has them.
      symbols: the alphabet.
    """
    return _TASKS[name](NETWORKS[network].from_dict(hyperparameters), Alphabet(symbols))
