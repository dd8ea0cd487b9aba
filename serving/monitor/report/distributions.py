"""What the report draws of a feature: its distribution then and now, on one scale.

Then is the reference; of features that clean pictures do not tell (format, latency) it is the
window before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.monitor.findings import Finding
from serving.monitor.outcome import CheckedWindow
from serving.monitor.wording import UNITS, feature_title

BARS = 24
"""Of a number; more would show the noise of a window of a few hundred requests."""

MOST_CATEGORIES = 16
_LEVELS = np.linspace(0, 1, 101)
_MARGIN = 0.04


@dataclass(frozen=True)
class Shares:
    """One side of a comparison.

    Args:
      of: "reference", "window before" or "now".
      values: float64 [bars], shares that add up to 1 at most.
      words: what the picture shows, in words.
    """

    of: str
    values: NDArray[np.float64]
    words: str


@dataclass(frozen=True)
class Comparison:
    """A feature then and now.

    Args:
      feature: its key.
      edges: float64 [bars + 1] of a number, rising; None of categories.
      names: of the bars; of a number empty.
      sides: then, where there is any, and now.
      findings: on this feature.
    """

    feature: str
    edges: NDArray[np.float64] | None
    names: tuple[str, ...]
    sides: tuple[Shares, ...]
    findings: tuple[Finding, ...]

    @property
    def title(self) -> str:
        """What to call the feature."""
        return feature_title(self.feature)

    @property
    def alarm(self) -> bool:
        """Whether any finding on it raises one."""
        return any(finding.alarm for finding in self.findings)


def compare(window: CheckedWindow) -> list[Comparison]:
    """Compares each feature of a window: those with an alarm first, the farthest off first."""
    by_feature: dict[str, list[Finding]] = {}
    for finding in window.verdict.findings:
        if finding.feature:
            by_feature.setdefault(finding.feature, []).append(finding)
    profile = window.profile
    comparisons = []
    for feature in dict.fromkeys((*profile.sampled_numbers, *profile.categories)):
        findings = tuple(by_feature.get(feature, ()))
        if feature in profile.sampled_numbers:
            made = _numbers(feature, window, findings)
        else:
            made = _categories(feature, window, findings)
        if made is not None:
            comparisons.append(made)
    return sorted(comparisons, key=lambda each: (not each.alarm, -_farthest(each.findings)))


def _farthest(findings: tuple[Finding, ...]) -> float:
    return max((finding.excess for finding in findings), default=0.0)


def _numbers(
    feature: str, window: CheckedWindow, findings: tuple[Finding, ...]
) -> Comparison | None:
    quantiles = [("now", window.profile.quantiles(feature))]
    if window.reference is not None and feature in window.reference.quantiles:
        quantiles.insert(0, ("reference", window.reference.quantiles[feature]))
    elif window.previous is not None:
        quantiles.insert(0, ("window before", window.previous.quantiles(feature)))
    quantiles = [(name, values) for name, values in quantiles if np.isfinite(values).all()]
    if not quantiles or quantiles[-1][0] != "now":
        return None
    edges = _edges([values for _, values in quantiles])
    sides = tuple(
        Shares(name, _share(values, edges), _say(feature, values)) for name, values in quantiles
    )
    return Comparison(feature, edges, (), sides, findings)


def _edges(quantiles: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Returns edges that show all but the outermost hundredths of either side."""
    low = min(values[1] for values in quantiles)
    high = max(values[-2] for values in quantiles)
    margin = _MARGIN * (high - low) or max(abs(low), 1.0) * _MARGIN
    # No feature has values below zero: an axis that begins there would make one wonder.
    begin = low - margin if low < 0 else max(low - margin, 0.0)
    return np.linspace(begin, high + margin, BARS + 1)


def _share(quantiles: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the share between each two edges; what lies beyond counts into the outermost."""
    # The share of values up to x. Of equal percentiles the highest level counts: a value that
    # occurs often is a step there.
    values, first = np.unique(quantiles[::-1], return_index=True)
    levels = _LEVELS[::-1][first]
    below = np.interp(edges[1:-1], values, levels, left=0.0, right=1.0)
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


def _say(feature: str, quantiles: NDArray[np.float64]) -> str:
    unit = f" {UNITS[feature]}" if feature in UNITS else ""
    low, middle, high = (f"{quantiles[place]:.3g}" for place in (25, 50, 75))
    if low == high:
        return f"median {middle}{unit}"
    return f"median {middle}{unit}, half in {low} to {high}"


def _categories(
    feature: str, window: CheckedWindow, findings: tuple[Finding, ...]
) -> Comparison | None:
    now = _category_shares(window, feature)
    if not now:
        return None
    then_name, then = _category_then(window, feature)
    every = sorted(
        then.keys() | now.keys(),
        key=lambda name: (-abs(now.get(name, 0.0) - then.get(name, 0.0)), name),
    )
    # Where there are many those are shown that changed most, in the order of their frequency.
    shown = sorted(
        every[:MOST_CATEGORIES], key=lambda name: (-then.get(name, 0.0), -now.get(name, 0.0), name)
    )
    sides = [("now", now)]
    if then:
        sides.insert(0, (then_name, then))
    return Comparison(
        feature,
        None,
        tuple(_show_category(name) for name in shown),
        tuple(
            Shares(of, np.array([shares.get(name, 0.0) for name in shown]), _say_most(shares))
            for of, shares in sides
        ),
        findings,
    )


def _category_then(window: CheckedWindow, feature: str) -> tuple[str, dict[str, float]]:
    reference = window.reference
    if reference is not None and feature in reference.counts:
        totals = reference.totals[feature]
        return "reference", _normalise(
            dict(zip(reference.bins[feature].names, totals.tolist(), strict=True))
        )
    if window.previous is not None:
        return "window before", _normalise(window.previous.categories.get(feature, {}))
    return "", {}


def _category_shares(window: CheckedWindow, feature: str) -> dict[str, float]:
    """Returns shares now, by the reference's bins where there are any: what is rare, together."""
    reference, profile = window.reference, window.profile
    if reference is not None and feature in reference.counts and feature in profile.counts:
        names, counts = reference.bins[feature].names, profile.counts[feature].tolist()
        return _normalise(dict(zip(names, counts, strict=True)))
    return _normalise(profile.categories.get(feature, {}))


def _normalise(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items() if count}


def _show_category(name: str) -> str:
    return {" ": "␣", "": "(others)"}.get(name, name)


def _say_most(shares: dict[str, float]) -> str:
    most = sorted(shares, key=lambda name: -shares[name])[:3]
    return ", ".join(f"{_show_category(name)} {100 * shares[name]:.0f} %" for name in most)
