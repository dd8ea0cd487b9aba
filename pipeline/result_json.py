"""A run's result as the one JSON object that ends standard output."""

import json
import math
from pathlib import Path
from typing import Any

from pipeline.run_result import Estimate, MetricResult, RunResult


def result_json(result: RunResult, report: Path | None) -> str:
    """Writes the result in one line; values that are no numbers become null."""
    overall = [metric for metric in result.metrics if not metric.slice_name]
    content: dict[str, Any] = {
        "pipeline": result.pipeline,
        "run_id": result.run_id,
        "dataset": result.dataset,
        "synthetic": result.synthetic,
        "blessed": result.blessed,
        "pushed": str(result.pushed) if result.pushed else None,
        "reason": result.reason,
        "metrics": {metric.name: _metric(metric) for metric in overall},
        "baseline": {
            metric.name: _estimate(metric.baseline) for metric in overall if metric.baseline
        }
        or None,
        "slices": _slices(result.metrics),
        "seconds": {stage.name: round(stage.seconds, 1) for stage in result.stages},
        "served": _served(result),
        "pages": str(result.pages) if result.pages else None,
        "report": str(report) if report else None,
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def _metric(metric: MetricResult) -> dict[str, Any]:
    return {
        **_estimate(metric.candidate),
        "examples": metric.examples,
        "bound": metric.bound,
        "tolerance": metric.tolerance,
    }


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    values = {"value": estimate.value, "lower": estimate.lower, "upper": estimate.upper}
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _slices(metrics: tuple[MetricResult, ...]) -> dict[str, dict[str, Any]]:
    slices: dict[str, dict[str, Any]] = {}
    for metric in metrics:
        if metric.slice_name:
            numbers = {**_estimate(metric.candidate), "examples": metric.examples}
            slices.setdefault(metric.slice_name, {})[metric.name] = numbers
    return slices


def _served(result: RunResult) -> dict[str, Any] | None:
    served = result.served
    if served is None:
        return None
    return {
        "image": str(served.image_path),
        "truth": served.truth,
        "rest": {"text": served.rest_reading, "confidence": served.rest_confidence},
        "grpc": {"text": served.grpc_reading, "confidence": served.grpc_confidence},
    }
