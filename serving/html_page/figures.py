"""Figures as reports print them. What is no finite number is named in words."""

import math

_PERCENT = "\N{NO-BREAK SPACE}%"


def percent(fraction: float, decimals: int = 2) -> str:
    """Returns 0.0543 as "5.43 %"."""
    if not math.isfinite(fraction):
        return name_not_finite(fraction)
    return f"{100 * fraction:.{decimals}f}{_PERCENT}"


def decimal(value: float, digits: int = 4) -> str:
    """Returns a number with so many significant digits."""
    return f"{value:.{digits}g}" if math.isfinite(value) else name_not_finite(value)


def name_not_finite(value: float) -> str:
    """Returns what to call NaN and the infinities."""
    return "not a number" if math.isnan(value) else "infinite"
