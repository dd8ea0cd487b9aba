"""Says in words why a request is odd: which of its values the reference hardly has."""

import numpy as np

from schema import request_features
from serving.monitor.bins import CategoryBins
from serving.monitor.logged_request import MeasuredRequest
from serving.monitor.profile import PROBLEMS
from serving.monitor.reference import Reference
from serving.monitor.wording import feature_title

RARE = 0.02
"""A value that at most this share of the reference has, or lies beyond, is worth a word."""

MOST_REASONS = 3
_LEVELS = np.linspace(0, 1, 101)


def reasons(measured: MeasuredRequest, reference: Reference | None) -> list[str]:
    """Returns phrases, the oddest first: problems, then rare values; empty where nothing is odd."""
    told = [PROBLEMS.get(problem, problem) for problem in measured.problems]
    if reference is None:
        return told
    rare: list[tuple[float, str]] = []
    for feature, value in measured.values.items():
        if isinstance(value, tuple):
            found = _rare_character(feature, value, reference)
        elif isinstance(value, str):
            found = _rare_category(feature, value, reference)
        else:
            found = _rare_number(feature, float(value), reference)
        if found is not None and found[0] <= RARE:
            rare.append(found)
    rare.sort(key=lambda each: each[0])
    return [*told, *(phrase for _, phrase in rare[:MOST_REASONS])]


def _rare_number(feature: str, value: float, reference: Reference) -> tuple[float, str] | None:
    """Returns the share of the reference that lies as far out or farther, and the phrase."""
    quantiles = reference.quantiles.get(feature)
    if quantiles is None or not np.isfinite(quantiles).all():
        return None
    if feature == request_features.CONFIDENCE and value >= float(quantiles[50]):
        return None  # to be sure is not odd
    title, least, most = feature_title(feature), float(quantiles[0]), float(quantiles[-1])
    shown = f"{title} {value:.4g}"
    if not least <= value <= most:
        side = "below" if value < least else "above"
        distance = (least - value if value < least else value - most) / max(most - least, 1e-9)
        return -distance, f"{shown}, {side} all of the reference ({least:.4g} to {most:.4g})"
    below = float(_LEVELS[np.searchsorted(quantiles, value, side="right") - 1])
    above = 1.0 - float(_LEVELS[np.searchsorted(quantiles, value, side="left")])
    share, side = (below, "low") if below < above else (above, "high")
    return share, f"{shown}, {side}: {_say_share(max(share, 0.005))} of the reference is as far out"


def _rare_category(feature: str, value: str, reference: Reference) -> tuple[float, str] | None:
    found = _share(feature, value, reference)
    if found is None:
        return None
    return found, f"{feature_title(feature)} {value}: {_say_share(found)} of the reference"


def _rare_character(
    feature: str, values: tuple[str, ...], reference: Reference
) -> tuple[float, str] | None:
    """Returns the rarest category of a feature with many; characters alone, without the reading."""
    shares = {value: _share(feature, value, reference) for value in set(values)}
    known = {value: share for value, share in shares.items() if share is not None}
    if not known:
        return None
    rarest = min(known, key=lambda value: (known[value], value))
    # A line has many characters, so that one of them is rare in most lines.
    chance = 1.0 - (1.0 - known[rarest]) ** len(values)
    if feature != request_features.CHARACTERS:
        return chance, f"{feature_title(feature)} {rarest}: {_say_share(known[rarest])}"
    return chance, f"reads {rarest!r}, {_say_share(known[rarest])} of the reference's characters"


def _share(feature: str, value: str, reference: Reference) -> float | None:
    bins = reference.bins.get(feature)
    if not isinstance(bins, CategoryBins) or feature not in reference.counts:
        return None
    totals = reference.totals[feature]
    return float(totals[bins.place([value])[0]] / max(totals.sum(), 1))


def _say_share(share: float) -> str:
    if share <= 0:
        return "none"
    return "less than 1 %" if share < 0.01 else f"{100 * share:.0f} %"
