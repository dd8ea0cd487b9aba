"""Brings the histograms of two spans' statistics into the same bins.

TFDV keeps no values, but their quantiles. The last span's quantiles are the bins, so that each of
them holds about as much of it, however long its tails are; the new span's counts in them follow
from its own quantiles. Categories are their own bins.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

BINS = 10
"""Of numbers, as many as TFDV's own histograms have."""

QUANTILES = 100
"""That statistics are to keep of each feature: with TFDV's 10 the counts in bins of another span
would be guesses."""

_Feature: TypeAlias = statistics_pb2.FeatureNameStatistics


@dataclass(frozen=True)
class Counted:
    """Two spans in the same bins.

    Args:
      bins: what each bin holds, in words.
      last, now: float64 [bins], examples in each.
      last_median, now_median: None for categories.
    """

    bins: tuple[str, ...]
    last: np.ndarray
    now: np.ndarray
    last_median: float | None = None
    now_median: float | None = None


def count_in_bins(last: _Feature, now: _Feature) -> Counted | None:
    """Counts two spans' values of a feature in the same bins; None where either has no values."""
    if last.HasField("num_stats") and now.HasField("num_stats"):
        return _count_numbers(_Distribution.of(last), _Distribution.of(now))
    if last.HasField("string_stats") and now.HasField("string_stats"):
        return _count_categories(last.string_stats, now.string_stats)
    return None


@dataclass(frozen=True)
class _Distribution:
    """Numbers known by their quantiles.

    Args:
      values: float64 [n], rising, the same value several times where many examples have it.
      counts: float64 [n], how many examples are no larger.
    """

    values: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, feature: _Feature) -> "_Distribution | None":
        """Reads it from statistics; None without values."""
        kind = statistics_pb2.Histogram.QUANTILES
        for histogram in feature.num_stats.histograms:
            if histogram.type == kind and histogram.buckets:
                buckets = histogram.buckets
                values = [buckets[0].low_value, *(bucket.high_value for bucket in buckets)]
                counts = np.cumsum([0.0, *(bucket.sample_count for bucket in buckets)])
                return cls(np.array(values), counts)
        return None

    def up_to(self, edges: np.ndarray) -> np.ndarray:
        """Returns how many examples are no larger than each edge."""
        return self._interpolate(edges, last=True)

    def below(self, edges: np.ndarray) -> np.ndarray:
        """Returns how many examples are smaller than each edge."""
        return self._interpolate(edges, last=False)

    @property
    def median(self) -> float:
        """The value in the middle."""
        return float(np.interp(self.counts[-1] / 2, self.counts, self.values))

    def _interpolate(self, edges: np.ndarray, last: bool) -> np.ndarray:
        # Where a value repeats, its first count is what is below it, its last one includes it.
        counts = np.interp(edges, self.values, self.counts, left=0.0)
        places = np.searchsorted(self.values, edges, side="right" if last else "left")
        places = places - 1 if last else places
        known = (places >= 0) & (places < len(self.values))
        exact = known & (self.values[np.clip(places, 0, len(self.values) - 1)] == edges)
        return np.where(exact, self.counts[np.clip(places, 0, len(self.values) - 1)], counts)


def _count_numbers(last: _Distribution | None, now: _Distribution | None) -> Counted | None:
    if last is None or now is None:
        return None
    quantiles = np.linspace(0, len(last.values) - 1, BINS + 1).round().astype(int)
    edges = np.unique(last.values[quantiles])  # [2..11] or [1] where all values are the same
    return Counted(
        bins=_name_bins(edges),
        last=_count_between(last, edges),
        now=_count_between(now, edges),
        last_median=last.median,
        now_median=now.median,
    )


def _count_between(distribution: _Distribution, edges: np.ndarray) -> np.ndarray:
    """Counts below the first edge, up to each of the others, and above the last one."""
    ends = distribution.up_to(edges[1:]) if len(edges) > 1 else distribution.up_to(edges)
    return np.diff([0.0, distribution.below(edges[:1])[0], *ends, distribution.counts[-1]])


def _name_bins(edges: np.ndarray) -> tuple[str, ...]:
    told = [f"{edge:.4g}" for edge in edges]
    inner = [f"{low} to {high}" for low, high in pairwise(told)] or told
    return (f"below {told[0]}", *inner, f"above {told[-1]}")


def _count_categories(
    last: statistics_pb2.StringStatistics, now: statistics_pb2.StringStatistics
) -> Counted | None:
    counts = [
        {bucket.label: bucket.sample_count for bucket in each.rank_histogram.buckets}
        for each in (last, now)
    ]
    labels = sorted(counts[0].keys() | counts[1].keys())
    if not counts[0] or not counts[1]:
        return None
    of_last, of_now = (np.array([each.get(label, 0.0) for label in labels]) for each in counts)
    return Counted(tuple(labels), of_last, of_now)
