"""The report's small plots as inline SVG: two sides of a comparison, on one scale.

The style sheet gives them their colours, so that one drawing serves light and dark.
"""

from html import escape

import numpy as np
from markupsafe import Markup

from serving.monitor.report.distributions import Comparison, Shares

_WIDTH, _HEIGHT, _FOOT = 240, 84, 16
_GAP = 1.0
_MOST_LABELS = 16


def draw_sides(comparison: Comparison) -> list[tuple[Shares, Markup]]:
    """Returns each side with its plot; all have the same axes."""
    tallest = max((float(np.max(side.values, initial=0)) for side in comparison.sides), default=0.0)
    return [(side, _draw(comparison, side, tallest or 1.0)) for side in comparison.sides]


def _draw(comparison: Comparison, side: Shares, tallest: float) -> Markup:
    now = side.of == "now"
    kind = ("now is-alarm" if comparison.alarm else "now") if now else "then"
    label = escape(f"{comparison.title}, {side.of}: {side.words}")
    step = _WIDTH / max(len(side.values), 1)
    bars = []
    for place, value in enumerate(side.values):
        height = float(value) / tallest * _HEIGHT
        if height > 0:
            bars.append(
                f'<rect x="{place * step + _GAP / 2:.1f}" y="{_HEIGHT - height:.1f}" '
                f'width="{max(step - _GAP, 1):.1f}" height="{height:.1f}"/>'
            )
    return Markup(
        f'<svg class="plot {kind}" role="img" aria-label="{label}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}"><title>{label}</title>{"".join(bars)}'
        f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>'
        f"{_labels(comparison, step)}</svg>"
    )


def _labels(comparison: Comparison, step: float) -> str:
    """Returns the ends of the axis of a number, or the names of categories."""
    y = _HEIGHT + 12
    if comparison.edges is not None:
        low, high = (f"{comparison.edges[end]:.3g}" for end in (0, -1))
        return (
            f'<text x="0" y="{y}">{low}</text>'
            f'<text x="{_WIDTH}" y="{y}" text-anchor="end">{high}</text>'
        )
    # Longer names have no room under a bar.
    room = max(1, int(step / 6))
    return "".join(
        f'<text x="{(place + 0.5) * step:.1f}" y="{y}" text-anchor="middle">'
        f"{escape(name if len(name) <= room else name[: max(room - 1, 1)] + '…')}</text>"
        for place, name in enumerate(comparison.names[:_MOST_LABELS])
    )
