"""Writes what `show` tells of one model: data, recipe, figures, verdict, versions, lineage."""

from collections.abc import Iterator

from pipeline.models.history import History
from pipeline.models.trained import DataSource, TrainedModel
from pipeline.models.wording import (
    NOT_JUDGED,
    SYNTHETIC_NOTE,
    is_synthetic,
    tell_estimate,
    tell_gate,
    tell_infra,
    tell_name,
    tell_path,
    tell_push,
    tell_serving,
    tell_time,
)
from pipeline.run_result import MetricResult

_LABEL = 13


def show_model(history: History, model: TrainedModel) -> str:
    """Returns all that is known of a model, a fact a line."""
    parts = (
        _tell_origin(history, model),
        _tell_data(model.data),
        _tell_recipe(model),
        _tell_verdict(model),
        _tell_versions(history, model),
        _tell_lineage(model),
    )
    return "\n".join(line for part in parts for line in part)


def _tell_origin(history: History, model: TrainedModel) -> Iterator[str]:
    yield _fact("model", f"{model.model_id} of {history.pipeline}; {tell_serving(history)}")
    if is_synthetic(model):
        yield _fact("", SYNTHETIC_NOTE)
    yield _fact("trained", f"{tell_time(model.milliseconds)} in run {model.run}")
    yield _fact("files", tell_path(model.folder))


def _tell_data(data: tuple[DataSource, ...]) -> Iterator[str]:
    for source in data:
        # TFX notes span 0 of what comes in no spans.
        delivery = f", span {source.span}, version {source.version}" if source.version else ""
        yield _fact("data", f"Examples {source.artifact_id}: {source.source}{delivery}")
        splits = ", ".join(f"{count:,} {name}" for name, count in source.splits.items())
        yield _fact("", f"{splits} examples")
        yield _fact("", f"fingerprint {source.fingerprint}")


def _tell_recipe(model: TrainedModel) -> Iterator[str]:
    recipe = model.recipe
    yield _fact("code", recipe.code)
    yield _fact(
        "recipe",
        f"{recipe.task} of {recipe.dataset}, {recipe.network}, {recipe.train_steps:,} steps, "
        f"seed {recipe.seed}",
    )
    for name, value in sorted(recipe.hyperparameters.items()):
        yield _fact("", f"{name} = {value}")


def _tell_verdict(model: TrainedModel) -> Iterator[str]:
    judgement = model.judgement
    if judgement is None:
        yield _fact("gate", NOT_JUDGED)
    else:
        yield _fact("gate", ": ".join(filter(None, (tell_gate(model), judgement.reason))))
        against = f"model {judgement.baseline_id}" if judgement.baseline_id else "none yet"
        yield _fact("baseline", against)
        if not judgement.metrics:
            yield _fact("metrics", "the run kept no figures apart from its report")
        for measured in judgement.metrics:
            yield from _tell_metric(measured)
    reason = model.infra.reason if model.infra else ""
    yield _fact("infra", ": ".join(filter(None, (tell_infra(model), reason))))


def _tell_metric(measured: MetricResult) -> Iterator[str]:
    told = [tell_estimate(measured.candidate), f"of {measured.examples:,} examples"]
    if measured.bound is not None:
        told.append(f"bound {measured.bound:.1%}")
    yield _fact(tell_name(measured.name), ", ".join(told))
    if measured.baseline is not None:
        yield _fact("", f"baseline {tell_estimate(measured.baseline)}")
    if measured.change is not None:
        allowed = "" if measured.tolerance is None else f", tolerance {measured.tolerance:.1%}"
        yield _fact("", f"change {tell_estimate(measured.change)}{allowed}")


def _tell_versions(history: History, model: TrainedModel) -> Iterator[str]:
    if not model.pushes:
        yield _fact("versions", "none")
    for push in reversed(model.pushes):
        serves = ", serves" if push == history.serving else ""
        when = tell_time(push.milliseconds)
        yield _fact("version", f"{push.version}, {when}{serves}: {tell_push(push)}")


def _tell_lineage(model: TrainedModel) -> Iterator[str]:
    for entry in model.lineage:
        inputs = f" from {', '.join(map(str, entry.inputs))}" if entry.inputs else ""
        yield _fact("lineage", f"{entry.type_name} {entry.artifact_id} by {entry.producer}{inputs}")


def _fact(label: str, value: str) -> str:
    return f"{label.ljust(_LABEL)} {value}"
