"""Whether a page servable may be pushed: its character error rate on whole pages, and how it moved.

Between `measure.py`, which counts, and `trial.py`, which asks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.estimate import Estimate
from pipeline.evaluation.resampling import Floats, ResampledSums, divide, interval
from pipeline.pages.error_rate import PageEdits
from pipeline.pages.result import PageErrorRate

CONFIDENCE_LEVEL, RESAMPLES = 0.95, 1000
"""Of the intervals, which are told and decide nothing: on ten pages they reach far."""


@dataclass(frozen=True)
class MeasuredPage:
    """What each of several servables made of a page."""

    sample_id: str
    cluster: str
    edits: tuple[PageEdits, ...]


def compare_pages(measured: Sequence[MeasuredPage], pages_of: str) -> PageErrorRate:
    """Sums up pages.

    Args:
      measured: pages with at least one character, read by the candidate, or by candidate and
        baseline.
      pages_of: as of `PageErrorRate`.
    """
    sums = ResampledSums(2 * len(measured[0].edits), RESAMPLES)
    for page in measured:
        row = [number for each in page.edits for number in (each.edits, each.characters)]
        sums.add(page.cluster, page.sample_id, np.array(row, np.float64))
    totals, resampled = sums.totals(), sums.resampled()  # [columns] and [columns, resamples]
    rates = divide(totals[0::2], totals[1::2])  # [models]
    spread = divide(resampled[0::2], resampled[1::2])  # [models, resamples]
    estimates = [
        _estimate(*each, sums.units, (0.0, math.inf)) for each in zip(rates, spread, strict=True)
    ]
    counts = pages_of, len(measured), int(totals[1])
    if len(estimates) == 1:
        return PageErrorRate(*counts, estimates[0])
    candidate, baseline = estimates
    # Both have the same characters: one division, and no rounding at the tolerance.
    change = (totals[0] - totals[2]) / totals[1]
    moved = _estimate(change, spread[0] - spread[1], sums.units)
    return PageErrorRate(*counts, candidate, baseline, moved)


def _estimate(
    value: float,
    spread: Floats,
    units: int,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    """Returns a figure with its interval, from its values over resamples."""
    return Estimate(float(value), *interval(value, spread, units, CONFIDENCE_LEVEL, limits))
