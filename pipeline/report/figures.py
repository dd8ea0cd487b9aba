"""Figures as the report prints them: percentages, percentage points, intervals.

The templates that `pipeline.report.render` fills use them as filters. What is no finite number
is named in words.
"""

import math

from pipeline.estimate import Estimate

_MINUS = "\N{MINUS SIGN}"
_PERCENT = "\N{NO-BREAK SPACE}%"


def percent(fraction: float, decimals: int = 2) -> str:
    """Returns 0.0543 as "5.43 %"."""
    if not math.isfinite(fraction):
        return _not_finite(fraction)
    return f"{100 * fraction:.{decimals}f}{_PERCENT}"


def points(difference: float) -> str:
    """Returns a difference of two fractions in percentage points, with its sign."""
    if not math.isfinite(difference):
        return _not_finite(difference)
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


def decimal(value: float) -> str:
    """Returns a number with four significant digits."""
    return f"{value:.4g}" if math.isfinite(value) else _not_finite(value)


def _is_bounded(estimate: Estimate) -> bool:
    return math.isfinite(estimate.lower) and math.isfinite(estimate.upper)


def _not_finite(value: float) -> str:
    return "not a number" if math.isnan(value) else "infinite"
