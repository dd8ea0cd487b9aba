"""Reads what the Evaluator wrote: rates of candidate and baseline, and why a push was refused."""

from dataclasses import dataclass
from pathlib import Path

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2, validation_result_pb2

from pipeline.evaluation.ratio_metric import EXAMPLES, LOWER, UPPER
from pipeline.gate import Gate
from pipeline.run_result import Estimate, MetricResult

_BASELINE = tfma.BASELINE_KEY


@dataclass(frozen=True)
class Verdict:
    """The Evaluator's word.

    Args:
      blessed: whether the model may be pushed.
      reason: why not, None where it may.
      metrics: each on all examples and on each slice.
    """

    blessed: bool
    reason: str | None
    metrics: tuple[MetricResult, ...]


def read_verdict(evaluation: Path, gate: Gate) -> Verdict:
    """Reads the Evaluator's output folder."""
    slices = sorted(tfma.load_metrics(str(evaluation)), key=_slice_name)
    metrics = tuple(result for each in slices for result in _metrics_of_slice(each, gate))
    validation = tfma.load_validation_result(str(evaluation))
    if validation.validation_ok:
        return Verdict(True, None, metrics)
    return Verdict(False, _explain(validation, metrics), metrics)


def _metrics_of_slice(
    slice_metrics: metrics_for_slice_pb2.MetricsForSlice, gate: Gate
) -> list[MetricResult]:
    values: dict[tuple[bool, str], float] = {}
    for pair in slice_metrics.metric_keys_and_values:
        if not pair.key.is_diff:
            is_baseline = pair.key.model_name == _BASELINE
            values[is_baseline, pair.key.name] = pair.value.double_value.value
    name = _slice_name(slice_metrics)
    return [
        MetricResult(
            name=metric,
            slice_name=name,
            examples=int(values[False, EXAMPLES]),
            candidate=_estimate(values, False, metric),
            baseline=_estimate(values, True, metric) if (True, metric) in values else None,
            # The gate looks at all examples together.
            bound=None if name else bound.limit,
            tolerance=None if name else bound.tolerance,
            lower_is_better=bound.lower_is_better,
        )
        for metric, bound in gate.bounds().items()
        if (False, metric) in values
    ]


def _estimate(values: dict[tuple[bool, str], float], baseline: bool, metric: str) -> Estimate:
    return Estimate(*(values[baseline, metric + end] for end in ("", LOWER, UPPER)))


def _slice_name(slice_metrics: metrics_for_slice_pb2.MetricsForSlice) -> str:
    return ", ".join(
        f"{key.column}: {key.bytes_value.decode() or key.int64_value or key.float_value}"
        for key in slice_metrics.slice_key.single_slice_keys
    )


def _explain(
    validation: validation_result_pb2.ValidationResult, metrics: tuple[MetricResult, ...]
) -> str:
    overall = {result.name: result for result in metrics if not result.slice_name}
    reasons = [
        _explain_failure(failure.metric_key, overall)
        for validated in validation.metric_validations_per_slice
        for failure in validated.failures
    ]
    if not overall:
        return "nothing was evaluated: the test split is empty"
    return "; ".join(sorted(set(reasons))) or "the Evaluator found no metric to hold to the bounds"


def _explain_failure(key: metrics_for_slice_pb2.MetricKey, overall: dict[str, MetricResult]) -> str:
    if key.name not in overall:
        return f"{key.name.upper()} was not measured"
    result = overall[key.name]
    value, name = result.candidate.value, key.name.upper()
    worse = "above" if result.lower_is_better else "below"
    if value != value:
        return f"{name} is not a number"
    if key.is_diff and result.baseline is not None:
        return (
            f"{name} {value:.2%} is more than {result.tolerance:.2%} {worse} the "
            f"{result.baseline.value:.2%} of the latest blessed model"
        )
    return f"{name} {value:.2%} is {worse} the bound of {result.bound:.2%}"
