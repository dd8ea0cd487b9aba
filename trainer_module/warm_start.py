"""Transfer: a new network begins with what an exported one has learned.

Before the first epoch. The trunk is taken layer by layer wherever the shapes agree, so that a line
network takes the convolutions of a character network; the last layer is taken symbol by symbol,
so that alphabets may differ.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from schema.errors import InputError
from serving.model_folder import EXTRA_ASSETS, MODEL_CARD_FILE, WEIGHTS_FILE
from trainer_module.tasks.base import TrainingTask
from trainer_module.tasks.factory import make_task

_log = logging.getLogger(__name__)


def load_exported(folder: Path) -> tuple[TrainingTask, keras.Model]:
    """Builds the network of an exported model, with its weights.

    Args:
      folder: the SavedModel, as pushed.

    Raises:
      InputError: the folder is no model of this project.
    """
    card_file = folder / EXTRA_ASSETS / MODEL_CARD_FILE
    try:
        card = json.loads(card_file.read_text(encoding="utf-8"))
        task = make_task(card["task"], card["network"], card["hyperparameters"], card["alphabet"])
        network = task.build_network()
        network.load_weights(folder / EXTRA_ASSETS / WEIGHTS_FILE)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"expected an exported model with {MODEL_CARD_FILE} and {WEIGHTS_FILE} in its "
            f"{EXTRA_ASSETS}, got {type(error).__name__} ({error}) in {folder}: name a version "
            "folder that this pipeline has pushed"
        ) from None
    return task, network


def warm_start(task: TrainingTask, network: keras.Model, source_folder: Path) -> list[str]:
    """Copies what fits from an exported model into a new network.

    Args:
      task: of the new network.
      network: built by it; has `trunk`, layers from the picture upwards, and `classify`, None
        where it tells no symbols apart.
      source_folder: the exported model.

    Returns:
      what was taken, a phrase a layer.

    Raises:
      InputError: no layer of the trunk fits, or the folder is no exported model.
    """
    source_task, source = load_exported(source_folder)
    taken = [
        f"{new.name} from {old.name}"
        for new, old in zip(network.trunk, source.trunk, strict=False)
        if _copy_layer(new, old)
    ]
    if not taken:
        raise InputError(
            f"expected layers of the same shapes, got none in {source_folder} for "
            f"{task.hyperparameters.network}: choose another model or the same hyperparameters"
        )
    if task.name == source_task.name and network.classify is not None:
        symbols = _copy_symbols(
            network.classify,
            source.classify,
            task.alphabet.symbols,
            source_task.alphabet.symbols,
        )
        taken += [f"{symbols} symbols"] if symbols else []
    _log.info("warm start from %s: %s", source_folder, ", ".join(taken))
    return taken


def _copy_layer(new: keras.layers.Layer, old: keras.layers.Layer) -> bool:
    weights = old.get_weights()
    if [weight.shape for weight in new.get_weights()] != [weight.shape for weight in weights]:
        return False
    new.set_weights(weights)
    return True


def _copy_symbols(
    new: keras.layers.Dense, old: keras.layers.Dense, symbols: Sequence[str], known: Sequence[str]
) -> int:
    """Copies the columns of the symbols that both know, and of what comes before them (the blank).

    Returns:
      how many symbols were taken.
    """
    (kernel, bias), (old_kernel, old_bias) = new.get_weights(), old.get_weights()
    if kernel.shape[0] != old_kernel.shape[0]:
        return 0
    shared = [symbol for symbol in symbols if symbol in known]
    first, old_first = kernel.shape[1] - len(symbols), old_kernel.shape[1] - len(known)
    to = np.array([*range(first), *(first + symbols.index(symbol) for symbol in shared)], int)
    source = np.array([*range(old_first), *(old_first + known.index(s) for s in shared)], int)
    kernel[:, to], bias[to] = old_kernel[:, source], old_bias[source]
    new.set_weights([kernel, bias])
    return len(shared)
