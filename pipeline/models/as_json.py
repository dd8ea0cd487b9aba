"""Turns the history into one JSON object, for `--json`."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from pipeline.models.history import History
from pipeline.models.trained import TrainedModel
from pipeline.models.wording import is_synthetic


def history_json(history: History) -> str:
    """Returns what `list` tells, without the lineage of each model."""
    content = {
        "pipeline": history.pipeline,
        "base_path": history.base_path,
        "serving_version": history.serving_version,
        "serving_model": history.serving.model_id if history.serving else None,
        "models": [_model(history, model, "lineage") for model in history.models],
    }
    return _dump(content)


def model_json(history: History, model: TrainedModel) -> str:
    """Returns what `show` tells."""
    return _dump({"pipeline": history.pipeline, **_model(history, model)})


def _model(history: History, model: TrainedModel, *left_out: str) -> dict[str, Any]:
    told = {
        **dataclasses.asdict(model),
        "serves": history.serving in model.pushes,
        "synthetic": is_synthetic(model),
        "refusal": model.refusal,
    }
    return {key: value for key, value in told.items() if key not in left_out}


def _dump(content: dict[str, Any]) -> str:
    return json.dumps(_plain(content), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Returns a value as JSON has it: paths as text, what is no number as null."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
