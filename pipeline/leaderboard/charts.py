"""The leaderboard's charts as inline SVG: error against cost, and learning curves."""

import math
from collections.abc import Callable, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter

from pipeline.leaderboard.entry import Entry
from pipeline.leaderboard.ranking import pareto_front
from pipeline.report.charts import ACCENT, INK, QUIET, STYLE, as_svg, canvas

_CURVES = 6
_DASHES = ("-", "--", "-.", ":")
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)  # percent


def pareto_chart(
    entries: Sequence[Entry], cost: Callable[[Entry], float | None], unit: str, name: str
) -> str | None:
    """Returns errors by cost, the front joined and named; None where fewer than two have both.

    Args:
      entries: of one task.
      cost: of an entry, lower is better.
      unit: what it is, as in "latency, ms".
      name: unique in the page.
    """
    front = pareto_front(entries, cost)
    if sum(_has_both(entry, cost) for entry in entries) < 2:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = canvas(height=2.8)
        for entry in entries:
            paid = cost(entry)
            if paid is not None and _has_both(entry, cost):
                axes.plot(paid, 100 * (entry.error or 0.0), "o", color=QUIET, markersize=4)
        places = [(cost(entry) or 0.0, 100 * (entry.error or 0.0)) for entry in front]
        axes.plot(*zip(*places, strict=True), "o-", color=ACCENT, markersize=5)
        for entry, place in zip(front, places, strict=True):
            label = entry.name.rpartition("/")[2]
            axes.annotate(label, place, xytext=(5, 5), textcoords="offset points", color=INK)
        axes.set(xlabel=unit, ylabel=front[0].error_name)
        axes.yaxis.set_major_formatter("{x:g} %")
        axes.margins(0.15)
        axes.set_title(f"{front[0].error_name} against {unit}")
        told = ", ".join(entry.name for entry in front)
        return as_svg(figure, name, f"{front[0].error_name} against {unit}; the front: {told}")


def curves_chart(entries: Sequence[Entry], name: str) -> str | None:
    """Returns the validation errors of the first few entries by epoch; None without any."""
    shown = [entry for entry in entries if entry.curve][:_CURVES]
    if not shown:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = canvas(height=2.8)
        for number, entry in enumerate(shown):
            numbers = [epoch.number for epoch in entry.curve]
            errors = [100 * epoch.validation_error for epoch in entry.curve]
            axes.plot(
                numbers,
                errors,
                f"o{_DASHES[number % len(_DASHES)]}",
                color=ACCENT if number < 2 else QUIET,
                label=entry.name.rpartition("/")[2],
            )
        axes.legend(loc="upper right")
        _scale_errors(axes, [100 * each.validation_error for one in shown for each in one.curve])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        label = f"Validation {shown[0].error_name} by epoch, the best {len(shown)}"
        axes.set_title(label)
        return as_svg(figure, name, label)


def _has_both(entry: Entry, cost: Callable[[Entry], float | None]) -> bool:
    return entry.error is not None and math.isfinite(entry.error) and cost(entry) is not None


def _scale_errors(axes: Axes, errors: Sequence[float]) -> None:
    """Gives the last epochs as much room as the first: by the logarithm, where all are above 0."""
    if min(errors) > 0:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        ticks = [x for x in _TICKS if min(errors) / 2 <= x <= 2 * max(errors)]
        axes.set_yticks(ticks)
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter("{x:g} %")
