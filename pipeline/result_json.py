"""A run's result as the one JSON object that ends standard output."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.evaluation.verdict import metrics_json, slices_json
from pipeline.run_result import RunResult


def result_json(result: RunResult, report: Path | None) -> str:
    """Writes the result in one line; values that are no numbers become null."""
    metrics = metrics_json(result.metrics)
    content: dict[str, Any] = {
        "pipeline": result.pipeline,
        "run_id": result.run_id,
        "dataset": result.dataset,
        "synthetic": result.synthetic,
        "blessed": result.blessed,
        "pushed": str(result.pushed) if result.pushed else None,
        "published": result.published,
        "reason": result.reason,
        "confidence_level": result.confidence_level,
        "metrics": metrics,
        "baseline": {name: entry["baseline"] for name, entry in metrics.items()}
        if any(entry["baseline"] for entry in metrics.values())
        else None,
        "baseline_model": asdict(result.baseline) if result.baseline else None,
        "slices": slices_json(result.metrics),
        "span": result.span.as_json() if result.span else None,
        "seconds": {stage.name: round(stage.seconds, 1) for stage in result.stages},
        "served": _served(result),
        "pages": result.pages.as_json() if result.pages else None,
        "search": result.search,
        "report": str(report) if report else None,
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


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
