"""Reads what the Evaluator wrote and says it in words: the figures, and why a push was refused."""

import dataclasses
import json
import math
from collections.abc import Iterator
from typing import Any

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2, validation_result_pb2

from pipeline.estimate import Estimate
from pipeline.evaluation.reading_samples import CALIBRATION, CONFUSIONS, READINGS
from pipeline.evaluation.verdict import Verdict
from pipeline.gate import CHANGE, EXAMPLES, LOWER, UNITS, UPPER, Gate
from pipeline.run_result import Baseline, Confusion, MetricResult, ReadingPair
from transforms.calibration import ReliabilityBin

EMPTY = "nothing was evaluated: the test split is empty"

_SLICES_NAMED = 3  # in a reason

_Values = dict[tuple[bool, str, bool], Any]
"""(of the baseline, metric, is a difference) -> value."""


def judge(
    evaluation: str, gate: Gate, unit: str, baseline: Baseline | None, obstacles: tuple[str, ...]
) -> Verdict:
    """Draws up the verdict.

    Args:
      evaluation: URI of the Evaluator's output.
      gate: what the model was held to.
      unit: what examples are called, as in "lines".
      baseline: the model that the candidate was, or was to be, compared with.
      obstacles: what speaks against a push whatever was measured.
    """
    slices = sorted(tfma.load_metrics(evaluation), key=_slice_name)
    values = {_slice_name(each): _read_values(each) for each in slices}
    validation = tfma.load_validation_result(evaluation)
    failures = _find_failures(validation, gate)
    metrics = tuple(
        dataclasses.replace(metric, refused=(name, metric.name) in failures)
        for name, found in values.items()
        for metric in _measured(name, found, gate)
    )
    reasons = [*obstacles, *_explain(failures, validation, metrics, gate, unit)]
    overall = values.get("", {})
    return Verdict(
        blessed=not reasons and validation.validation_ok,
        reasons=tuple(dict.fromkeys(reasons)),
        confidence_level=gate.confidence_level,
        metrics=metrics,
        baseline=baseline,
        confusions=tuple(Confusion(**each) for each in _decode(overall, CONFUSIONS)),
        readings=tuple(ReadingPair(**each) for each in _decode(overall, READINGS)),
        calibration=tuple(ReliabilityBin(**each) for each in _decode(overall, CALIBRATION)),
    )


def _read_values(slice_metrics: metrics_for_slice_pb2.MetricsForSlice) -> _Values:
    values: _Values = {}
    for pair in slice_metrics.metric_keys_and_values:
        kind = pair.value.WhichOneof("type")
        value = pair.value.bytes_value if kind == "bytes_value" else pair.value.double_value.value
        key = pair.key
        values[key.model_name == tfma.BASELINE_KEY, key.name, key.is_diff] = value
    return values


def _decode(values: _Values, name: str) -> list[dict[str, Any]]:
    return json.loads(values.get((False, name, False), "[]"))


def _measured(slice_name: str, values: _Values, gate: Gate) -> Iterator[MetricResult]:
    """Yields what was measured on a slice, what is held to something first."""
    bounds = gate.bounds()
    rates = [name for _, name, _ in values if (False, name + LOWER, False) in values]
    for name in dict.fromkeys([*(name for name in bounds if name in rates), *rates]):
        limit, tolerance = _held_to(slice_name, name, gate)
        yield MetricResult(
            name=name,
            slice_name=slice_name,
            examples=int(values[False, EXAMPLES, False]),
            units=int(values[False, UNITS, False]),
            candidate=_estimate(values, False, name),
            baseline=_estimate(values, True, name) if (True, name, False) in values else None,
            change=_change(values, name),
            bound=limit,
            tolerance=tolerance,
        )


def _held_to(slice_name: str, metric: str, gate: Gate) -> tuple[float | None, float | None]:
    """Returns limit and tolerance of a metric, overall or on a slice."""
    bound = gate.bounds().get(metric)
    if bound is None:
        return None, None
    if not slice_name:
        return bound.limit, bound.tolerance
    own = (
        each.limit
        for each in gate.slice_limits
        if metric == gate.decisive and slice_name == f"{each.feature}: {each.value}"
    )
    return next(own, bound.slice_limit), bound.slice_tolerance


def _estimate(values: _Values, of_baseline: bool, metric: str) -> Estimate:
    return Estimate(*(values[of_baseline, metric + end, False] for end in ("", LOWER, UPPER)))


def _change(values: _Values, metric: str) -> Estimate | None:
    names = (metric, metric + CHANGE + LOWER, metric + CHANGE + UPPER)
    if (False, names[1], True) not in values:
        return None
    return Estimate(*(values[False, name, True] for name in names))


def _slice_name(slice_metrics: metrics_for_slice_pb2.MetricsForSlice) -> str:
    return ", ".join(
        f"{key.column}: {key.bytes_value.decode() or key.int64_value or key.float_value or '-'}"
        for key in slice_metrics.slice_key.single_slice_keys
    )


def _find_failures(
    validation: validation_result_pb2.ValidationResult, gate: Gate
) -> dict[tuple[str, str], set[str]]:
    """Returns (slice, metric) -> names of TFMA's figures on the wrong side of a threshold."""
    found = {}
    for validated in validation.metric_validations_per_slice:
        failed = {failure.metric_key.name for failure in validated.failures}
        for metric in gate.bounds():
            if any(key.startswith(metric) for key in failed):
                found[_slice_name(validated), metric] = failed
    return found


def _explain(
    failures: dict[tuple[str, str], set[str]],
    validation: validation_result_pb2.ValidationResult,
    metrics: tuple[MetricResult, ...],
    gate: Gate,
    unit: str,
) -> list[str]:
    """Returns a reason for each metric, overall or on a slice, that was found wanting."""
    measured = {(metric.slice_name, metric.name): metric for metric in metrics}
    if not any(not metric.slice_name for metric in metrics):
        return [EMPTY]
    overall: list[str] = []
    on_slices: list[str] = []
    for (name, metric), failed in failures.items():
        reasons = on_slices if name else overall
        reasons.append(_explain_failure(metric, failed, measured.get((name, metric)), gate, unit))
    missing = [
        f"no test {unit} have {key} {value}, which has a limit"
        for spec in validation.missing_slices
        for key, value in spec.feature_values.items()
    ]
    return [*overall, *sorted(on_slices)[:_SLICES_NAMED], *_count_rest(on_slices), *missing]


def _count_rest(reasons: list[str]) -> list[str]:
    rest = len(reasons) - _SLICES_NAMED
    return [f"{rest} more slices are too bad"] if rest > 0 else []


def _explain_failure(
    metric: str, failed: set[str], result: MetricResult | None, gate: Gate, unit: str
) -> str:
    """Says why a metric was refused.

    Args:
      metric: its name.
      failed: names of TFMA's figures that are on the wrong side of a threshold.
      result: what was measured.
      gate: what it was held to.
      unit: what examples are called.
    """
    name = metric.upper().replace("_", " ")
    if result is None:
        return f"{name} was not measured"
    if result.slice_name:
        name = f"on {result.slice_name} {name}"
    value, worse = result.candidate.value, "above" if result.lower_is_better else "below"
    if math.isnan(value):
        return f"{name} is not a number"
    if failed & {metric, metric + LOWER, metric + UPPER} and _is_worse(result, value, result.bound):
        return f"{name} {value:.2%} is {worse} the bound of {result.bound:.2%}"
    if result.baseline is None or result.change is None or math.isnan(result.change.value):
        return f"{name} {value:.2%} could not be compared with the model that serves"
    before = f"the {result.baseline.value:.2%} of the model that serves"
    if abs(result.change.value) > (result.tolerance or 0.0):
        certain = "certainly " if result.slice_name else ""
        return f"{name} {value:.2%} is {certain}more than {result.tolerance:.2%} {worse} {before}"
    most = result.change.upper if result.lower_is_better else -result.change.lower
    return (
        f"{name} {value:.2%} may be as much as {most:.2%} {worse} {before} (confidence "
        f"{gate.confidence_level:.0%}), more than the tolerance of {result.tolerance:.2%}: "
        f"test on more {unit}"
    )


def _is_worse(result: MetricResult, value: float, bound: float | None) -> bool:
    return bound is not None and (value > bound if result.lower_is_better else value < bound)
