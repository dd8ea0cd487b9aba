"""Models of all pipelines of a workspace as entries."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from pipeline.estimate import Estimate
from pipeline.home import own_pipelines
from pipeline.leaderboard.entry import MODEL, Entry
from pipeline.models.history import read_history
from pipeline.models.trained import TrainedModel
from pipeline.models.wording import tell_gate
from pipeline.run_result import MetricResult
from pipeline.store import open_store, waiting_for
from pipeline.workspace import Workspace
from trainer_module.history import Epoch
from trainer_module.task_names import ERROR_NAMES

_HISTORY_FILE = "history.json"  # as trainer_module.run_fn, which imports TensorFlow, names it


def read_model_entries(workspace: Workspace) -> list[Entry]:
    """Reads every model that a pipeline of the workspace trained.

    Raises:
      InputError: there is no database, or it is locked.
    """
    with waiting_for(workspace.database):
        contexts = own_pipelines(open_store(workspace.database), workspace)
    models = [
        (context.name, model)
        for context in contexts
        for model in read_history(workspace, context.name).models
    ]
    for _, model in models:
        if model.model_run is not None:
            workspace.artifacts.local(model.model_run)
    return [make_entry(pipeline, model) for pipeline, model in models]


def make_entry(pipeline: str, model: TrainedModel) -> Entry:
    """Turns a model into an entry; what its run did not record stays empty."""
    curve = _read_curve(model.model_run)
    decisive = model.judgement.decisive if model.judgement else None
    recipe, facts = model.recipe, model.facts
    return Entry(
        name=f"{pipeline}/{model.model_id}",
        kind=MODEL,
        task=recipe.task,
        dataset=recipe.dataset,
        network=recipe.network,
        when=model.milliseconds,
        data="; ".join(source.source for source in model.data),
        spans=tuple(int(each.span) for each in model.data if each.span.isdigit()),
        error_name=ERROR_NAMES.get(recipe.task, "error"),
        test_error=_as_error(decisive) if decisive else None,
        validation_error=min((epoch.validation_error for epoch in curve), default=None),
        latency_ms=facts.get("latency_ms"),
        model_bytes=facts.get("model_bytes") or _count_bytes(model.folder),
        verdict=tell_gate(model),
        curve=curve,
        facts=_comparable(model),
    )


def _as_error(measured: MetricResult) -> Estimate:
    """Returns a metric as an error: lower is better."""
    value = measured.candidate
    if measured.lower_is_better:
        return value
    return Estimate(1 - value.value, 1 - value.upper, 1 - value.lower)


def _read_curve(model_run: Path | None) -> tuple[Epoch, ...]:
    path = model_run / _HISTORY_FILE if model_run else None
    if path is None or not path.is_file():
        return ()
    return tuple(Epoch(**epoch) for epoch in json.loads(path.read_text(encoding="utf-8")))


def _count_bytes(folder: Path) -> int | None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) if files else None


def _comparable(model: TrainedModel) -> dict[str, Any]:
    metrics = model.judgement.metrics if model.judgement else ()
    return {
        "run": model.run,
        "recipe": dataclasses.asdict(model.recipe),
        "data": [dataclasses.asdict(source) for source in model.data],
        "metrics": {metric.name: metric.candidate.value for metric in metrics},
        **model.facts,
    }
