"""The report of a run: one HTML file that tells its verdict, figures, pictures and lineage.

The last thing that the local runner writes. It sees the `RunResult` alone, decides nothing, and
the file needs nothing besides itself: style, pictures and charts stand inside it. What each
section shows is chosen by the modules beside this one, how it looks by the templates.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pipeline.evaluation.resampling import UNITS_TOLD
from pipeline.lineage import PICTURE
from pipeline.report import charts, confusions, edits, forest, intervals, spans, titles
from pipeline.report.held_to import describe_gate
from pipeline.report.lineage import sort_into_generations
from pipeline.report.slices import group_slices
from pipeline.run_result import MetricResult, RunResult
from serving.html_page import figures, pictures
from serving.html_page.page import make_environment
from serving.whole_file import write_whole
from transforms.calibration import ReliabilityBin

_FILTERS = {
    "decimal": figures.decimal,
    "describe_change": forest.describe_change,
    "draw_change": forest.draw_change,
    "draw_shift": spans.draw_shift,
    "draw_value": forest.draw_value,
    "duration": charts.duration,
    "interval": intervals.interval,
    "metric_title": titles.of_metric,
    "name_character": confusions.name_character,
    "percent": figures.percent,
    "picture": pictures.embed,
    "plain_points": intervals.plain_points,
    "points": intervals.points,
    "points_interval": intervals.points_interval,
    "show_character": confusions.show_character,
    "thousands": "{:,}".format,
}


def write_report(result: RunResult, path: Path) -> Path:
    """Write the report of `result` to `path`, whole or not at all, and return `path`."""
    return write_whole(path, render(result).encode())


def render(result: RunResult) -> str:
    """Return the report as the text of one HTML document; the same result, the same text."""
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            result=result,
            **_choose_metrics(result),
            confusion_tables=confusions.sort_by_kind(result.confusions),
            served_picture=pictures.embed_file(result.served.image_path) if result.served else None,
            search_picture=pictures.embed_file(Path(result.search[PICTURE]))
            if result.search
            else None,
            # The charts escape what they draw: they are markup already.
            reliability_curves=[
                Markup(charts.reliability_curve(bins, judged))
                for judged, bins in _judged_confidences(result).items()
                if bins
            ],
            curves=_draw_learning(result),
            stage_chart=Markup(charts.stage_bars(result.stages)) if result.stages else None,
            generations=sort_into_generations(result.lineage),
            artifact_ids={entry.artifact_id for entry in result.lineage},
        )
    )


def _choose_metrics(result: RunResult) -> dict[str, Any]:
    """Return what the verdict, the comparison and the slices show of the metrics."""
    overall = [metric for metric in result.metrics if not metric.slice_name]
    decisive = overall[0] if overall else None  # as the gate orders them
    groups = group_slices(result.metrics, decisive.name) if decisive else []
    shown = [each.metric for group in groups for each in group.slices]
    return {
        "overall": overall,
        "gated": [metric for metric in overall if metric.bound is not None],
        "ungated": [metric for metric in overall if metric.bound is None],
        "decisive": decisive,
        "compared": any(metric.baseline for metric in overall),
        "told_units": _tell_units(decisive) if decisive else "",
        "slice_groups": groups,
        "own_limits": bool(result.gate and result.gate.slice_limits),
        "demands": describe_gate(result.gate, result.unit, bool(groups)) if result.gate else [],
        "reach": forest.shared_reach(metric for metric in overall if metric.bound is not None),
        "slice_reach": forest.shared_reach(shown),
        "slice_scale": forest.value_scale(shown),
    }


def _tell_units(metric: MetricResult) -> str:
    """Return how many independent units there are where examples are not independent."""
    if metric.units >= min(metric.examples, UNITS_TOLD):
        return ""
    return f"{metric.units:,}"


def _judged_confidences(result: RunResult) -> dict[str, Sequence[ReliabilityBin]]:
    judged: dict[str, Sequence[ReliabilityBin]] = {f"Test {result.unit}": result.calibration}
    if result.reliability is not None:
        judged["Validation lines"] = result.reliability.lines
        judged["Validation characters"] = result.reliability.characters
    return judged


def _draw_learning(result: RunResult) -> list[Markup]:
    epochs = result.learning_curve
    if not epochs:
        return []
    return [
        Markup(charts.loss_curve(epochs)),
        Markup(charts.error_curve(epochs, result.error_name)),
    ]


@cache
def _environment() -> jinja2.Environment:
    environment = make_environment("pipeline.report", _FILTERS)
    environment.globals |= {"align": edits.align}
    return environment
