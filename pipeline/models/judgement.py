"""What gate and infrastructure validation said of a model, read from the lineage.

The figures behind the gate's word lie in a file beside its evaluation, so that nobody needs TFMA to
read them. Runs from before that file left none.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.buckets.artifacts import Artifacts
from pipeline.evaluation.verdict import VERDICT_FILE, read_verdict
from pipeline.gate import ACCURACY, CER, LINE_F1
from pipeline.lineage import Lineage
from pipeline.pushes import MODEL_KEY
from pipeline.run_result import MetricResult
from schema.errors import InputError

DECISIVE = (CER, ACCURACY, LINE_F1)
"""The metric that stands for a model, by task."""

_BLESSING_KEY, _EVALUATION_KEY = "blessing", "evaluation"
_MODEL_BLESSING, _INFRA_BLESSING = "ModelBlessing", "InfraBlessing"
_BLESSED, _REASON, _BASELINE_KEY = "blessed", "reason", "baseline_model"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judgement:
    """The gate's last word on a model.

    Args:
      blessed: whether it may be pushed.
      reason: why not; empty where it may, or where the run kept none.
      baseline_id: the model that it was held against.
      metrics: empty where the run kept none.
    """

    blessed: bool
    reason: str
    baseline_id: int | None
    metrics: tuple[MetricResult, ...]

    @property
    def decisive(self) -> MetricResult | None:
        """The metric that stands for the model."""
        named = {metric.name: metric for metric in self.metrics}
        return next((named[name] for name in DECISIVE if name in named), None)


@dataclass(frozen=True)
class InfraCheck:
    """Whether the model server could load the model and ask it, and why not."""

    passed: bool
    reason: str


def read_judgements(lineage: Lineage, artifacts: Artifacts) -> dict[int, Judgement]:
    """Returns model -> the gate's last word on it; an evaluation from the cache is a word too."""
    judgements = {}
    for execution, model_id, blessing in _blessings(lineage, _MODEL_BLESSING):
        baseline = lineage.input(execution, _BASELINE_KEY)
        judgements[model_id] = Judgement(
            blessed=_is_blessed(blessing),
            reason=_reason(blessing),
            baseline_id=baseline.id if baseline is not None else None,
            metrics=_read_metrics(lineage.output(execution, _EVALUATION_KEY), artifacts),
        )
    return judgements


def read_infra_checks(lineage: Lineage) -> dict[int, InfraCheck]:
    """Returns model -> the last word of the infrastructure's validation."""
    return {
        model_id: InfraCheck(_is_blessed(blessing), _reason(blessing))
        for _, model_id, blessing in _blessings(lineage, _INFRA_BLESSING)
    }


def _blessings(
    lineage: Lineage, type_name: str
) -> Iterator[tuple[mlmd.Execution, int, mlmd.Artifact]]:
    """Yields the executions that judged, with the model that they judged and their word."""
    for execution in lineage.executions:
        blessing = lineage.output(execution, _BLESSING_KEY)
        model = lineage.input(execution, MODEL_KEY)
        if blessing is not None and blessing.type == type_name and model is not None:
            yield execution, model.id, blessing


def _read_metrics(
    evaluation: mlmd.Artifact | None, artifacts: Artifacts
) -> tuple[MetricResult, ...]:
    """Returns what was measured on all test examples together, as far as it can be read."""
    if evaluation is None:
        return ()
    try:
        folder = artifacts.local(evaluation.uri)
        if not (folder / VERDICT_FILE).is_file():
            return ()
        metrics = read_verdict(folder).metrics
    except InputError as error:
        # One model's figures are no reason to keep the history of all others back.
        _log.warning("%s", error)
        return ()
    return tuple(metric for metric in metrics if not metric.slice_name)


def _is_blessed(blessing: mlmd.Artifact) -> bool:
    return blessing.custom_properties[_BLESSED].int_value == 1


def _reason(blessing: mlmd.Artifact) -> str:
    return blessing.custom_properties[_REASON].string_value
