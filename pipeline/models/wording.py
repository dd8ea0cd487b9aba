"""Words and figures that `list` and `show` share."""

import math
from datetime import datetime
from pathlib import Path

from pipeline.estimate import Estimate
from pipeline.models.history import History
from pipeline.models.trained import TrainedModel
from pipeline.pushes import ROLLBACK, Push
from pipeline.run_result import MetricResult

NOT_JUDGED = "not judged here"
SYNTHETIC_NOTE = "The sample is synthetic handwriting, made from fonts: so are all figures here."

_SYNTHETIC = "sample"


def tell_time(milliseconds: int) -> str:
    """Returns the local time, to the minute."""
    return datetime.fromtimestamp(milliseconds / 1000).strftime("%Y-%m-%d %H:%M")


def tell_path(path: Path) -> str:
    """Returns a path as it is typed here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def tell_estimate(estimate: Estimate) -> str:
    """Returns a fraction with its interval, in percent."""
    if math.isnan(estimate.value):
        return "not a number"
    return f"{estimate.value:.1%} ({estimate.lower:.1%} to {estimate.upper:.1%})"


def tell_metric(measured: MetricResult) -> str:
    """Returns a metric by name, as in "CER 2.5% (2.4% to 2.7%)"."""
    return f"{tell_name(measured.name)} {tell_estimate(measured.candidate)}"


def tell_name(metric: str) -> str:
    """Returns how a metric is called: rates by capitals, others by words."""
    return metric.upper() if len(metric) <= len("cer") else metric.replace("_", " ")


def tell_gate(model: TrainedModel) -> str:
    """Returns the gate's word on a model."""
    if model.judgement is None:
        return NOT_JUDGED
    return "blessed" if model.judgement.blessed else "refused"


def tell_infra(model: TrainedModel) -> str:
    """Returns the word of the infrastructure's validation."""
    if model.infra is None:
        return "-"
    return "passed" if model.infra.passed else "refused"


def tell_serving(history: History) -> str:
    """Returns what serves."""
    if history.serving is not None:
        return f"version {history.serving_version} serves, model {history.serving.model_id}"
    if history.serving_version is not None:
        return f"version {history.serving_version} serves, which was not pushed from here"
    return "nothing serves"


def tell_push(push: Push) -> str:
    """Returns how a version came about."""
    if not push.author:
        return "pushed by the pipeline"
    action = "promoted"
    if push.action == ROLLBACK:
        action = f"rolled back to {push.restored}"
    past = ", past the gate," if push.forced else ""
    return f"{action}{past} by {push.author}: {push.reason or 'no reason given'}"


def is_synthetic(model: TrainedModel) -> bool:
    """Whether a model's figures rest on synthetic handwriting."""
    return model.recipe.dataset == _SYNTHETIC
