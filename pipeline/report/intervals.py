"""Differences and intervals as the report prints them, in percent and percentage points.

The templates that `pipeline.report.render` fills use them as filters. What is no finite number
is named in words.
"""

import math

from pipeline.estimate import Estimate
from serving.html_page.figures import name_not_finite

_MINUS = "\N{MINUS SIGN}"
_PERCENT = "\N{NO-BREAK SPACE}%"


def points(difference: float) -> str:
    """Returns a difference of two fractions in percentage points, with its sign."""
    if not math.isfinite(difference):
        return name_not_finite(difference)
    text = f"{100 * difference:+.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", _MINUS)


def plain_points(size: float) -> str:
    """Returns a size, such as a tolerance, in percentage points without a sign."""
    return f"{100 * size:.2f}"


def interval(estimate: Estimate) -> str:
    """Returns the interval of a fraction in percent."""
    if _is_bounded(estimate):
        return f"{100 * estimate.lower:.2f} to {100 * estimate.upper:.2f}{_PERCENT}"
    return "no interval"


def points_interval(change: Estimate) -> str:
    """Returns the interval of a difference in percentage points."""
    if _is_bounded(change):
        return f"{points(change.lower)} to {points(change.upper)}"
    return "no interval"


def _is_bounded(estimate: Estimate) -> bool:
    return math.isfinite(estimate.lower) and math.isfinite(estimate.upper)
