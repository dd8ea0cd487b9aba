"""A study of a model that exists already: its card says what it was trained on and how."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from schema.errors import InputError
from serving.model_folder import EXTRA_ASSETS, MODEL_CARD_FILE, find_trained
from trainer_module.tuning.study import Run, TrainingData

_TRAINED = "or run the pipeline again: it tells what it trains on in the card of each model"


def read_card(model: Path) -> tuple[TrainingData, Run]:
    """Reads what a model was trained on, and how.

    Args:
      model: a version's folder, or the folder of all versions.

    Raises:
      InputError: it is no model of this project, or its examples are gone.
    """
    folder = find_trained(model)
    path = folder / EXTRA_ASSETS / MODEL_CARD_FILE
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        data = TrainingData(
            task=card["task"],
            symbols=card["alphabet"],
            dataset=card["dataset"],
            train_files=tuple(card["train_examples"]),
            validation_files=tuple(card["validation_examples"]),
            base_model=card["warm_start"] or None,
        )
        run = Run(
            network=card["network"],
            hyperparameters=card["hyperparameters"],
            variation=card["variation"],
            seed=card["seed"],
            train_steps=card["train_steps"],
        )
        record = run.record
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"expected a trained model with {MODEL_CARD_FILE} in its {EXTRA_ASSETS}, got "
            f"{type(error).__name__} ({error}) in {folder}: name another, {_TRAINED}"
        ) from None
    _check_files(data, folder)
    return data, dataclasses.replace(run, hyperparameters=_fields(record))


def _fields(record: Any) -> dict[str, Any]:
    """Returns all fields, those that came after the model with their defaults."""
    fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(record)))
    return fields


def _check_files(data: TrainingData, folder: Path) -> None:
    for pattern in (*data.train_files, *data.validation_files):
        path = Path(pattern)
        if not any(path.parent.glob(path.name)):
            raise InputError(
                f"expected the examples that {folder} was trained on, got none at {pattern}: name "
                f"another model, {_TRAINED}"
            )
