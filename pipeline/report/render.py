"""The report of a run: one HTML file that tells its verdict, figures, pictures and lineage.

The last thing that the local runner writes. It sees the `RunResult` alone, decides nothing, and
the file needs nothing besides itself: style, pictures and charts stand inside it.
"""

import base64
import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

from pipeline.gate import (
    ACCURACY,
    CER,
    LINE_COUNT_ERROR,
    LINE_F1,
    LINE_PRECISION,
    LINE_RECALL,
    WER,
)
from pipeline.report import charts, edits
from pipeline.run_result import Estimate, LineageEntry, MetricResult, RunResult
from trainer_module.reliability import Reliability

_MINUS = "\N{MINUS SIGN}"
_PERCENT = "\N{NO-BREAK SPACE}%"
_SHOWN_HEIGHT = 56  # pixels: twice the height of a normalised line

_METRIC_TITLES = {
    CER: "Character error rate (CER)",
    WER: "Word error rate (WER)",
    ACCURACY: "Accuracy",
    LINE_F1: "Lines found, F1",
    LINE_PRECISION: "Lines found, precision",
    LINE_RECALL: "Lines found, recall",
    LINE_COUNT_ERROR: "Error of the number of lines",
}


@dataclass(frozen=True)
class Picture:
    """A picture as the page embeds it.

    Args:
      uri: the `data:` URI with the encoded bytes.
      width: the width to show, in CSS pixels; the height follows from the picture.
    """

    uri: str
    width: int


def write_report(result: RunResult, path: Path) -> Path:
    """Write the report of `result` to `path`, whole or not at all, and return `path`."""
    page = render(result)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(page, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def render(result: RunResult) -> str:
    """Return the report as the text of one HTML document; the same result, the same text."""
    curve, stages = result.learning_curve, result.stages
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            result=result,
            metrics=_by_name(result.metrics),
            served_picture=_read_picture(result.served.image_path) if result.served else None,
            # The charts escape what they draw: they are markup already.
            curves=[
                Markup(charts.loss_curve(curve)),
                Markup(charts.error_curve(curve, result.error_name)),
            ]
            if curve
            else [],
            reliability_curves=_draw_reliability(result.reliability),
            stage_chart=Markup(charts.stage_bars(stages)) if stages else None,
            generations=_generations(result.lineage),
            artifact_ids={entry.artifact_id for entry in result.lineage},
        )
    )


def _draw_reliability(reliability: Reliability | None) -> list[Markup]:
    """Return a chart for whatever has been judged at least once."""
    if reliability is None:
        return []
    judged = {"Lines": reliability.lines, "Characters": reliability.characters}
    return [Markup(charts.reliability_curve(bins, unit)) for unit, bins in judged.items() if bins]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipeline.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": _decimal,
        "duration": charts.duration,
        "interval": _interval,
        "percent": _percent,
        "picture": _picture,
        "points": _points,
        "thousands": "{:,}".format,
    }
    environment.globals |= {"align": edits.align, "metric_titles": _METRIC_TITLES}
    return environment


def _not_finite(value: float) -> str:
    return "not a number" if math.isnan(value) else "infinite"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}{_PERCENT}" if math.isfinite(fraction) else _not_finite(fraction)


def _points(difference: float) -> str:
    """Return a difference of two fractions in percentage points, with its sign."""
    if not math.isfinite(difference):
        return _not_finite(difference)
    text = f"{100 * difference:+.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", _MINUS)


def _interval(estimate: Estimate) -> str:
    if math.isfinite(estimate.lower) and math.isfinite(estimate.upper):
        return f"{100 * estimate.lower:.2f} to {100 * estimate.upper:.2f}{_PERCENT}"
    return "no interval"


def _decimal(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else _not_finite(value)


def _picture(encoded: bytes) -> Picture | None:
    """Return the picture for the page, or None when the bytes are no picture."""
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            (width, height), media_type = image.size, image.get_format_mimetype()
    except OSError:
        return None
    scale = max(1, round(_SHOWN_HEIGHT / height))
    data = base64.b64encode(encoded).decode("ascii")
    return Picture(uri=f"data:{media_type};base64,{data}", width=scale * width)


def _read_picture(path: Path) -> Picture | None:
    """Return the picture in a file; None when it is gone, for the report outlives the run."""
    return _picture(path.read_bytes()) if path.is_file() else None


def _by_name(metrics: Sequence[MetricResult]) -> dict[str, list[MetricResult]]:
    """Return the results of each metric, the one over all examples before its slices."""
    groups: dict[str, list[MetricResult]] = {}
    for metric in metrics:
        groups.setdefault(metric.name, []).append(metric)
    return {name: sorted(group, key=lambda m: m.slice_name != "") for name, group in groups.items()}


def _generations(lineage: Sequence[LineageEntry]) -> list[list[LineageEntry]]:
    """Return the artifacts in the order of making: each is made only from earlier generations.

    Inputs that the lineage does not list count as given. Artifacts on a cycle, which a sound
    metadata store cannot hold, make up the last generation.
    """
    waiting, generations = list(lineage), []
    while waiting:
        missing = {entry.artifact_id for entry in waiting}
        ready = [entry for entry in waiting if missing.isdisjoint(entry.inputs)] or waiting
        generations.append(ready)
        waiting = [entry for entry in waiting if entry not in ready]
    return generations
