"""Whether a page servable may be pushed: its character error rate on whole pages, and how it moved.

Between `page_measure.py`, which counts, and `page_trial.py`, which asks.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.evaluation.page_error_rate import PageEdits
from pipeline.evaluation.resampling import Floats, ResampledSums, divide, interval
from pipeline.run_result import Estimate

TOLERANCE = 0.02
"""How much higher than the pushed servable's the rate may be. Test pages are few, so that some
lines more or less on one of them are a point or two; there is no absolute bound, for the two
models have passed theirs."""

CONFIDENCE_LEVEL, RESAMPLES = 0.95, 1000
"""Of the intervals, which are told and decide nothing: on ten pages they reach far."""


@dataclass(frozen=True)
class MeasuredPage:
    """What each of several servables made of a page."""

    sample_id: str
    cluster: str
    edits: tuple[PageEdits, ...]


@dataclass(frozen=True)
class PageErrorRate:
    """Edits per character on whole pages, as fractions where 0.05 is 5 %.

    Args:
      pages_of: the pipeline whose test pages were read, as in "pages-detector"; pages of the
        sample are synthetic.
      pages: how many were read.
      characters: of their true texts, line breaks included.
      candidate: the new servable's rate.
      baseline: the rate of the servable pushed before, on the same pages; None without one.
      change: candidate less baseline, None without one.
    """

    pages_of: str
    pages: int
    characters: int
    candidate: Estimate
    baseline: Estimate | None = None
    change: Estimate | None = None

    @property
    def reason(self) -> str | None:
        """Why the servable may not be pushed, None where it may."""
        if self.baseline is None or self.change is None or self.change.value <= TOLERANCE:
            return None
        return (
            f"the error rate on whole pages, {self.candidate.value:.2%} of {self.characters:,} "
            f"characters, is more than {TOLERANCE:.2%} above the {self.baseline.value:.2%} of the "
            f"pushed servable on the same {self.pages} test pages of {self.pages_of}"
        )

    def as_json(self) -> dict[str, Any]:
        """Returns the figures for a model card; what is not a number is null."""
        return {
            "pages_of": self.pages_of,
            "pages": self.pages,
            "characters": self.characters,
            **_as_json(self.candidate),
            "baseline": self.baseline and _as_json(self.baseline),
            "change": self.change and _as_json(self.change),
            "tolerance": TOLERANCE,
        }


@dataclass(frozen=True)
class PagePush:
    """What came of the page servable.

    Args:
      pushed: the servable of the newest parents; None where there is none, or it was refused.
      error_rate: what it reached on whole pages, None where that was not measured now.
      remark: why it was refused or not measured, or what it was not compared with.
    """

    pushed: Path | None = None
    error_rate: PageErrorRate | None = None
    remark: str | None = None


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
    estimates = [_estimate(*each, sums.units) for each in zip(rates, spread, strict=True)]
    counts = pages_of, len(measured), int(totals[1])
    if len(estimates) == 1:
        return PageErrorRate(*counts, estimates[0])
    candidate, baseline = estimates
    # Both have the same characters: one division, and no rounding at the tolerance.
    change = (totals[0] - totals[2]) / totals[1]
    moved = _estimate(change, spread[0] - spread[1], sums.units)
    return PageErrorRate(*counts, candidate, baseline, moved)


def _estimate(value: float, spread: Floats, units: int) -> Estimate:
    """Returns a figure with its interval, from its values over resamples."""
    return Estimate(float(value), *interval(spread, units, CONFIDENCE_LEVEL))


def _as_json(estimate: Estimate) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in asdict(estimate).items()}
