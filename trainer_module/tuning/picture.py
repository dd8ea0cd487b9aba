"""The picture of a search: learning curves, and the error over each hyperparameter."""

import io
import math
from collections.abc import Sequence
from typing import Any

from trainer_module.task_names import ERROR_NAMES
from trainer_module.tuning.records import COMPLETED, TrialRecord
from trainer_module.tuning.study import Study

_COLUMNS, _INCHES, _DPI = 3, 3.2, 120
_GREY, _BEST = "#8a94a3", "#c2410c"


def draw_search(study: Study, trials: Sequence[TrialRecord], best: TrialRecord | None) -> bytes:
    """Draws the trials, the best one apart; returns a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for trial in trials for name in trial.run.changes))
    rows = -(-(1 + len(names)) // _COLUMNS)
    figure = Figure(figsize=(_COLUMNS * _INCHES * 1.25, rows * _INCHES), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).flatten()
    _draw_curves(axes[0], trials, best, ERROR_NAMES[study.data.task])
    for axis, name in zip(axes[1:], names, strict=False):
        _draw_over(axis, name, trials, best, study)
    for axis in axes[1 + len(names) :]:
        axis.set_axis_off()
    what = "runs" if study.runs else "trials"
    figure.suptitle(
        f"{study.data.dataset}-{study.data.task}, {study.base.network}: {len(trials)} {what}, "
        f"{study.algorithm}; error on the validation split"
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI)
    return picture.getvalue()


def _draw_curves(
    axis: Any, trials: Sequence[TrialRecord], best: TrialRecord | None, error_name: str
) -> None:
    for trial in trials:
        if trial.curve:
            is_best = best is not None and trial.trial_id == best.trial_id
            axis.plot(
                [epoch.number for epoch in trial.curve],
                [100 * epoch.validation_error for epoch in trial.curve],
                color=_BEST if is_best else _GREY,
                linewidth=2.0 if is_best else 0.9,
                marker="o",
                markersize=3,
                zorder=3 if is_best else 2,
            )
    axis.set_xlabel("epoch")
    axis.set_ylabel(f"{error_name} (%)")
    _scale(axis, [100 * epoch.validation_error for trial in trials for epoch in trial.curve])
    axis.set_title("learning curves", fontsize=10)


def _draw_over(
    axis: Any, name: str, trials: Sequence[TrialRecord], best: TrialRecord | None, study: Study
) -> None:
    shown = [trial for trial in trials if trial.state == COMPLETED and name in trial.run.changes]
    values = [trial.run.changes[name] for trial in shown]
    numeric = all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )
    if not numeric:
        values = [str(value) for value in values]
    points = [100 * (trial.error if trial.error is not None else math.nan) for trial in shown]
    sizes = [12 + 6 * trial.epochs for trial in shown]
    colours = [_BEST if best and trial.trial_id == best.trial_id else _GREY for trial in shown]
    axis.scatter(values, points, s=sizes, c=colours, alpha=0.8)
    if numeric and getattr(study.space.get(name), "log", False):
        axis.set_xscale("log")
    axis.set_title(f"{name} (larger: more epochs)", fontsize=10)
    _scale(axis, points)


def _scale(axis: Any, errors: Sequence[float]) -> None:
    """Sets errors on a logarithmic scale unless one of them is nothing."""
    if errors and min(errors) > 0:
        axis.set_yscale("log")
    elif errors:
        axis.set_ylim(bottom=-0.02 * max(*errors, 1.0))
