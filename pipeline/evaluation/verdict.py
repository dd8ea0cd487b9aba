"""The gate's word on a model, as the file that it leaves beside the evaluation; light to import.

`judge.py` makes it of what the Evaluator measured; the runner, the report and the history of
models read it.
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pipeline.estimate import Estimate
from pipeline.run_result import Baseline, Confusion, MetricResult, ReadingPair
from schema.errors import InputError
from transforms.calibration import ReliabilityBin

VERDICT_FILE = "verdict.json"
"""In the folder of the ModelEvaluation artifact."""


@dataclass(frozen=True)
class Verdict:
    """What came of an evaluation.

    Args:
      blessed: whether the model may be pushed.
      reasons: why not, none where it may.
      confidence_level: of all intervals.
      metrics: each on all examples and on each slice.
      baseline: None where there is none yet.
      confusions: the commonest first.
      readings: a random sample of the test examples, then those that were read worst.
      calibration: what the confidences came to, in bins of equal count.
    """

    blessed: bool
    reasons: tuple[str, ...]
    confidence_level: float
    metrics: tuple[MetricResult, ...] = ()
    baseline: Baseline | None = None
    confusions: tuple[Confusion, ...] = ()
    readings: tuple[ReadingPair, ...] = ()
    calibration: tuple[ReliabilityBin, ...] = ()

    @property
    def reason(self) -> str | None:
        """The reasons in one line, None where there is none."""
        return "; ".join(self.reasons) or None


def write_verdict(verdict: Verdict, folder: Path) -> None:
    """Writes `VERDICT_FILE`."""
    content = asdict(verdict) | {
        "metrics": metrics_json(verdict.metrics),
        "slices": slices_json(verdict.metrics),
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
    (folder / VERDICT_FILE).write_text(text, encoding="utf-8")


def read_verdict(folder: Path) -> Verdict:
    """Reads what `write_verdict` wrote.

    Raises:
      FileNotFoundError: the gate has not judged there.
      InputError: the file is of another version of the project.
    """
    path = folder / VERDICT_FILE
    try:
        return _verdict(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise InputError(
            f"expected a verdict as this version writes it, got another form in {path} "
            f"({type(error).__name__}: {error}): have the model judged again"
        ) from error


def _verdict(content: dict[str, Any]) -> Verdict:
    by_slice = {"": content["metrics"], **content.pop("slices")}
    return Verdict(
        **content
        | {
            "reasons": tuple(content["reasons"]),
            "metrics": tuple(
                _metric(slice_name, name, entry)
                for slice_name, entries in by_slice.items()
                for name, entry in entries.items()
            ),
            "baseline": Baseline(**content["baseline"]) if content["baseline"] else None,
            "confusions": tuple(Confusion(**each) for each in content["confusions"]),
            "readings": tuple(ReadingPair(**each) for each in content["readings"]),
            "calibration": tuple(ReliabilityBin(**each) for each in content["calibration"]),
        }
    )


def metrics_json(metrics: tuple[MetricResult, ...]) -> dict[str, dict[str, Any]]:
    """Returns the metrics on all examples by name; values that are no numbers become null."""
    return slices_json(metrics, overall=True).get("", {})


def slices_json(
    metrics: tuple[MetricResult, ...], overall: bool = False
) -> dict[str, dict[str, dict[str, Any]]]:
    """Returns slice -> metric -> figures; `overall` takes all examples together instead."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for metric in metrics:
        if (metric.slice_name == "") == overall:
            found.setdefault(metric.slice_name, {})[metric.name] = _metric_json(metric)
    return found


def _metric_json(metric: MetricResult) -> dict[str, Any]:
    return {
        **metric.candidate.as_json(),
        "examples": metric.examples,
        "units": metric.units,
        "bound": metric.bound,
        "tolerance": metric.tolerance,
        "baseline": metric.baseline and metric.baseline.as_json(),
        "change": metric.change and metric.change.as_json(),
        "refused": metric.refused,
    }


def _metric(slice_name: str, name: str, entry: dict[str, Any]) -> MetricResult:
    return MetricResult(
        name=name,
        slice_name=slice_name,
        examples=entry["examples"],
        units=entry["units"],
        candidate=_estimate(entry),
        baseline=_estimate(entry["baseline"]) if entry["baseline"] else None,
        change=_estimate(entry["change"]) if entry["change"] else None,
        bound=entry["bound"],
        tolerance=entry["tolerance"],
        refused=entry["refused"],
    )


def _estimate(entry: dict[str, Any]) -> Estimate:
    values = (entry[each.name] for each in fields(Estimate))
    return Estimate(*(math.nan if value is None else value for value in values))
