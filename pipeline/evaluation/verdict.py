"""Reads what the Evaluator wrote: rates of candidate and baseline, and why a push was refused."""

from dataclasses import dataclass
from pathlib import Path

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2, validation_result_pb2

from pipeline.config import GateOptions
from pipeline.evaluation.error_rates import CER, LINES, LOWER, UPPER, WER
from pipeline.run_result import Estimate, MetricResult

_BASELINE = tfma.BASELINE_KEY


@dataclass(frozen=True)
class Verdict:
    """The Evaluator's word.

    Args:
      blessed: whether the model may be pushed.
      reason: why not, None where it may.
      metrics: every rate on all lines and on each slice.
    """

    blessed: bool
    reason: str | None
    metrics: tuple[MetricResult, ...]


def read_verdict(evaluation: Path, gate: GateOptions) -> Verdict:
    """Reads the Evaluator's output folder."""
    slices = sorted(tfma.load_metrics(str(evaluation)), key=_slice_name)
    metrics = tuple(result for each in slices for result in _rates_of_slice(each, gate))
    validation = tfma.load_validation_result(str(evaluation))
    if validation.validation_ok:
        return Verdict(True, None, metrics)
    return Verdict(False, _explain(validation, metrics), metrics)


def _rates_of_slice(
    slice_metrics: metrics_for_slice_pb2.MetricsForSlice, gate: GateOptions
) -> list[MetricResult]:
    values: dict[tuple[bool, str], float] = {}
    for pair in slice_metrics.metric_keys_and_values:
        if not pair.key.is_diff:
            is_baseline = pair.key.model_name == _BASELINE
            values[is_baseline, pair.key.name] = pair.value.double_value.value
    name = _slice_name(slice_metrics)
    gated = {CER: (gate.max_cer, gate.cer_tolerance), WER: (gate.max_wer, gate.wer_tolerance)}
    return [
        MetricResult(
            name=rate,
            slice_name=name,
            examples=int(values[False, LINES]),
            candidate=_estimate(values, False, rate),
            baseline=_estimate(values, True, rate) if (True, rate) in values else None,
            # The gate looks at all lines together.
            upper_bound=None if name else gated[rate][0],
            tolerance=None if name else gated[rate][1],
        )
        for rate in gated
        if (False, rate) in values
    ]


def _estimate(values: dict[tuple[bool, str], float], baseline: bool, rate: str) -> Estimate:
    return Estimate(*(values[baseline, rate + end] for end in ("", LOWER, UPPER)))


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
        return "no line was evaluated: the test split is empty"
    return "; ".join(sorted(set(reasons))) or "the Evaluator found no metric to hold to the bounds"


def _explain_failure(key: metrics_for_slice_pb2.MetricKey, overall: dict[str, MetricResult]) -> str:
    if key.name not in overall:
        return f"{key.name.upper()} was not measured"
    result = overall[key.name]
    value, name = result.candidate.value, key.name.upper()
    if value != value:
        return f"{name} is not a number"
    if key.is_diff and result.baseline is not None:
        return (
            f"{name} {value:.2%} is more than {result.tolerance:.2%} above the "
            f"{result.baseline.value:.2%} of the latest blessed model"
        )
    return f"{name} {value:.2%} is above the bound of {result.upper_bound:.2%}"
