"""Intervals as small pictures in the report's tables: what changed, and how a slice stands.

Drawn as bare SVG, in the colours of the page's style sheet: matplotlib would take a second for
what is a few lines each. Changes are drawn so that worse is always to the right, whichever way a
metric counts, and in tolerances, so that zero and the tolerance stand below each other in all
rows of a table.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.estimate import Estimate
from pipeline.run_result import MetricResult

WIDTH, HEIGHT = 200, 20  # units of the drawing, about pixels on a desk

_MIDDLE, _THICK, _DOT = HEIGHT / 2, 6.0, 4.0
_POINT = 0.01  # the unit of changes that have no tolerance
_LEAST_REACH, _MOST_REACH = 2.0, 12.0  # tolerances to either side of zero


@dataclass(frozen=True)
class Scale:
    """Where values stand on a drawing's width.

    Args:
      good, bad: the values at its left and right end, either of which may be the larger.
    """

    good: float
    bad: float

    def place(self, value: float) -> float:
        """Returns the place of a value, 0..`WIDTH`; beyond the ends, that of the end."""
        return round(WIDTH * min(max(self._share(value), 0.0), 1.0), 1)

    def side(self, value: float) -> int:
        """Returns -1 for a value left of the drawing, 1 for one right of it, else 0."""
        share = self._share(value)
        return -1 if share < 0 else 1 if share > 1 else 0

    def _share(self, value: float) -> float:
        return (value - self.good) / (self.bad - self.good)


def describe_change(metric: MetricResult) -> str:
    """Says in words what the interval of the change rules out; empty without a baseline."""
    if metric.change is None:
        return ""
    harm, tolerance = _harm(metric, metric.change), metric.tolerance
    if not (math.isfinite(harm.lower) and math.isfinite(harm.upper)):
        return "not known well enough"
    if harm.lower == harm.upper == 0:
        return "the same"
    if harm.upper < 0:
        return "certainly better"
    if tolerance is None:
        return "certainly worse" if harm.lower > 0 else "no certain change"
    if harm.lower > tolerance:
        return "certainly worse by more than the tolerance"
    if harm.upper > tolerance:
        return "may be worse by more than the tolerance"
    return "worse, within the tolerance" if harm.lower > 0 else "no worse than the tolerance allows"


def shared_reach(metrics: Iterable[MetricResult]) -> float:
    """Returns how many tolerances a table's drawings show to either side of zero."""
    ends = [
        abs(end) / _unit(metric)
        for metric in metrics
        if metric.change
        for end in (metric.change.lower, metric.change.upper)
        if math.isfinite(end)
    ]
    return min(max(1.1 * max(ends, default=0.0), _LEAST_REACH), _MOST_REACH)


def draw_change(metric: MetricResult, reach: float) -> Markup:
    """Returns the interval of the change against zero and the tolerance as an `<svg>` element.

    Args:
      metric: what was measured.
      reach: of `shared_reach`; what lies beyond ends in an arrow.
    """
    if metric.change is None or not math.isfinite(metric.change.value):
        return Markup("")
    scale = Scale(-reach * _unit(metric), reach * _unit(metric))
    parts = [_line("zero", scale.place(0.0))]
    if metric.tolerance is not None:
        edge = scale.place(metric.tolerance)
        parts = [
            _box("zone-good", 0, edge, 0, HEIGHT),
            _box("zone-bad", edge, WIDTH, 0, HEIGHT),
            *parts,
            _line("limit", edge),
        ]
    parts += _draw_interval(_harm(metric, metric.change), scale)
    return _svg(parts, describe_change(metric))


def value_scale(metrics: Sequence[MetricResult]) -> Scale:
    """Returns a scale that holds the intervals of one metric on several slices."""
    ends = [
        end
        for metric in metrics
        for end in (metric.candidate.lower, metric.candidate.value, metric.candidate.upper)
        if math.isfinite(end)
    ]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    margin = 0.05 * (high - low) or _POINT
    ends_with_margin = (low - margin, high + margin)
    if metrics and not metrics[0].lower_is_better:
        ends_with_margin = ends_with_margin[::-1]
    return Scale(*ends_with_margin)


def draw_value(metric: MetricResult, overall: float, scale: Scale) -> Markup:
    """Returns the interval of a slice's value as an `<svg>` element, with lines to compare it to.

    Args:
      metric: on the slice.
      overall: the value on all examples.
      scale: of `value_scale`.
    """
    if not math.isfinite(metric.candidate.value):
        return Markup("")
    parts = [_line("zero", scale.place(overall))] if math.isfinite(overall) else []
    if metric.bound is not None and not scale.side(metric.bound):
        parts.append(_line("limit", scale.place(metric.bound)))
    parts += _draw_interval(metric.candidate, scale)
    better = metric.candidate.value < overall
    words = "as on all examples"
    if metric.candidate.value != overall:
        words = "better" if better == metric.lower_is_better else "worse"
        words += " than on all examples"
    return _svg(parts, words)


def _unit(metric: MetricResult) -> float:
    return metric.tolerance or _POINT


def _harm(metric: MetricResult, change: Estimate) -> Estimate:
    """Returns the change with worse above zero."""
    if metric.lower_is_better:
        return change
    return Estimate(-change.value, -change.upper, -change.lower)


def _draw_interval(estimate: Estimate, scale: Scale) -> Iterator[str]:
    """Yields a bar with an arrow at an end that lies outside, and a dot on the value."""
    ends = (estimate.lower, estimate.upper)
    if all(map(math.isfinite, ends)):
        left, right = sorted(map(scale.place, ends))
        yield _box("span", left, max(right, left + 1), _MIDDLE - _THICK / 2, _THICK)
        for side in {scale.side(end) for end in ends} - {0}:
            yield _arrow(side)
    if not scale.side(estimate.value):
        yield f'<circle class="dot" cx="{scale.place(estimate.value)}" cy="{_MIDDLE}" r="{_DOT}"/>'


def _box(kind: str, left: float, right: float, top: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{left}" y="{top}" width="{round(right - left, 1)}" '
        f'height="{height}"/>'
    )


def _line(kind: str, place: float) -> str:
    return f'<line class="{kind}" x1="{place}" x2="{place}" y1="0" y2="{HEIGHT}"/>'


def _arrow(side: int) -> str:
    tip, back = (0, 8) if side < 0 else (WIDTH, WIDTH - 8)
    return f'<path class="dot" d="M{tip} {_MIDDLE}L{back} 3V{HEIGHT - 3}Z"/>'


def _svg(parts: Iterable[str], label: str) -> Markup:
    # Numbers and words of this module alone: nothing here needs escaping.
    return Markup(
        f'<svg class="forest" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{''.join(parts)}</svg>"
    )
