"""Draws how one feature's values lay in the last span and lie in the new one."""

from html import escape

from markupsafe import Markup

from pipeline.span_check.comparison import FeatureShift
from serving.html_page.figures import percent

_WIDTH, _HEIGHT = 130, 32


def draw_shift(shift: FeatureShift) -> Markup:
    """Returns an `<svg>` element with a wide bar for each bin then, a narrow one before it now."""
    step = _WIDTH / len(shift.bins)
    highest = max(*shift.last, *shift.now) or 1.0
    drawn = []
    for place, (name, last, now) in enumerate(zip(shift.bins, shift.last, shift.now, strict=True)):
        told = f"{name}: {percent(last)} then, {percent(now)} now"
        drawn.append(
            f"<g><title>{escape(told)}</title>"
            + _bar("then", place * step, step, last / highest)
            + _bar("now", (place + 0.3) * step, 0.4 * step, now / highest)
            + "</g>"
        )
    label = f"{shift.feature} in {shift.split}, then and now, in {len(shift.bins)} bins"
    return Markup(
        f'<svg class="shift" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}">{"".join(drawn)}</svg>'
    )


def _bar(kind: str, left: float, width: float, share: float) -> str:
    height = share * _HEIGHT
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{_HEIGHT - height:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}"/>'
    )
