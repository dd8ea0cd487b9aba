"""The leaderboard's charts as inline SVG: error against cost, and learning curves."""

import math
from collections.abc import Callable, Sequence

import matplotlib

from pipeline.leaderboard.entry import Entry
from pipeline.leaderboard.ranking import pareto_front
from pipeline.report.charts import ACCENT, INK, QUIET, STYLE, as_svg, canvas

_CURVES = 6
_DASHES = ("-", "--", "-.", ":")


def pareto_chart(
    entries: Sequence[Entry], cost: Callable[[Entry], float | None], unit: str, name: str
) -> str | None:
    """Returns errors by cost, the front joined and named; None where nothing has both.

    Args:
      entries: of one task.
      cost: of an entry, lower is better.
      unit: what it is, as in "latency, ms".
      name: unique in the page.
    """
    front = pareto_front(entries, cost)
    if not front:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = canvas(height=2.8)
        for entry in entries:
            paid = cost(entry)
            if entry.error is not None and paid is not None and math.isfinite(entry.error):
                axes.plot(paid, 100 * entry.error, "o", color=QUIET, markersize=4)
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
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter("{x:g} %")
        label = f"Validation {shown[0].error_name} by epoch, the best {len(shown)}"
        axes.set_title(label)
        return as_svg(figure, name, label)
