"""Learns from resamples of clean requests how far clean windows lie apart by chance.

Each resample draws, with replacement, a reference and a window of the sizes at hand from the rows
of the reference: whole rows, so that features that go together stay together, and the reference
anew as well, for it is a sample itself. What the checks measure on them is the null distribution.

Many features are looked at, and each of them has its chance to cry wolf. The method of Westfall and
Young ("Resampling-Based Multiple Testing", 1993, the single-step min-P of section 2.3) sets the
thresholds of all features to the same, rare quantile of each one's null distribution, as rare as
it takes for the share of resamples with any alarm at all to be the rate that was asked for.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.monitor.bins import Bins
from serving.monitor.divergence import measure_distance
from serving.monitor.reference import Reference

LARGEST_WINDOW = 20_000
"""Requests from which on larger windows are held to the thresholds of this size: what they would
find beyond is smaller than what the floors let pass."""

UNSURE = "unsure"
"""Name, among those of features, of the rise of the share of unsure readings."""

_AT_ONCE = 250  # resamples: 2 MB of weights for 2,000 rows


@dataclass(frozen=True)
class NullDistribution:
    """What is measured where nothing has changed.

    Args:
      measures: name -> float64 [resamples], of the same resamples in the same order.
    """

    measures: Mapping[str, NDArray[np.float64]]

    def thresholds(self, rate: float) -> dict[str, float]:
        """Returns for each name what is exceeded by chance, by any of them, at this rate."""
        if not self.measures:
            return {}
        rarest = np.min([_count_tails(each) for each in self.measures.values()], axis=0)
        rarity = int(np.quantile(rarest, rate, method="lower"))
        return {
            name: float(np.sort(each)[len(each) - rarity]) for name, each in self.measures.items()
        }

    def p_value(self, name: str, measured: float) -> float:
        """Returns how often chance alone measures so much, or more, of one name."""
        null = self.measures[name]
        return float((1 + np.count_nonzero(null >= measured)) / (1 + len(null)))


@functools.lru_cache(maxsize=8)  # windows of one size are judged one after the other
def calibrate_skew(
    reference: Reference, names: tuple[str, ...], requests: int, resamples: int, seed: int
) -> NullDistribution:
    """Learns how far clean windows lie from their reference.

    Args:
      reference: the clean sample.
      names: of features with counts, and maybe `UNSURE`.
      requests: in the window.
      resamples: how many.
      seed: decides them.

    Returns:
      the measure of each name.
    """
    pairs = _resample(reference, names, (len(reference), requests), resamples, seed)
    return _measure(reference, names, pairs)


@functools.lru_cache(maxsize=8)
def calibrate_drift(
    reference: Reference,
    names: tuple[str, ...],
    requests: tuple[int, int],
    resamples: int,
    seed: int,
) -> NullDistribution:
    """Learns how far two clean windows, of given numbers of requests, lie apart.

    Both are drawn from the reference, though windows may have moved away from it together: how far
    windows of a size lie apart depends on their bins, hardly on the shares in them.
    """
    return _measure(reference, names, _resample(reference, names, requests, resamples, seed))


def calibrate_alone(
    bins: Bins, first: NDArray[np.int64], second: NDArray[np.int64], resamples: int, seed: int
) -> NDArray[np.float64]:
    """Learns how far two windows lie apart in a feature that the reference does not have.

    Args:
      bins: of the feature.
      first: counts of one window, [bins], one for each request.
      second: of the other.
      resamples: how many.
      seed: decides them.

    Returns:
      float64 [resamples], of windows drawn from both together.
    """
    chance = np.random.default_rng(seed)
    shares = (first + second) / (first + second).sum()
    drawn = (
        chance.multinomial(min(each.sum(), LARGEST_WINDOW), shares, resamples)
        for each in (first, second)
    )
    return measure_distance(bins, *drawn)


def _count_tails(measures: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns of each measure how many are as large or larger: 1 for the largest alone."""
    return len(measures) - np.searchsorted(np.sort(measures), measures, side="left")


def _resample(
    reference: Reference, names: Sequence[str], sizes: tuple[int, int], resamples: int, seed: int
) -> Iterator[list[NDArray[np.float32]]]:
    """Yields, `_AT_ONCE` resamples at a time, the counts of both samples, [n, bins of all names].

    The last column counts the rows.
    """
    rows = np.concatenate(
        [_rows_of(reference, name) for name in names] + [np.ones([len(reference), 1], np.float32)],
        axis=1,
    )
    chance = np.random.default_rng(seed)
    for start in range(0, resamples, _AT_ONCE):
        count = min(_AT_ONCE, resamples - start)
        yield [
            _draw_weights(chance, count, len(reference), min(size, LARGEST_WINDOW)) @ rows
            for size in sizes
        ]


def _draw_weights(
    chance: np.random.Generator, count: int, rows: int, size: int
) -> NDArray[np.float32]:
    """Returns how often each row is drawn, [count, rows], `size` times in all."""
    drawn = chance.integers(rows, size=(count, size)) + rows * np.arange(count)[:, np.newaxis]
    weights = np.bincount(drawn.ravel(), minlength=count * rows)
    return weights.reshape(count, rows).astype(np.float32)


def _rows_of(reference: Reference, name: str) -> NDArray[np.float32]:
    if name == UNSURE:
        return reference.unsure[:, np.newaxis].astype(np.float32)
    return reference.counts[name].astype(np.float32)


def _measure(
    reference: Reference, names: Sequence[str], pairs: Iterator[list[NDArray[np.float32]]]
) -> NullDistribution:
    measures: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    for first, second in pairs:
        start = 0
        for name in names:
            width = 1 if name == UNSURE else len(reference.bins[name])
            before, now = first[:, start : start + width], second[:, start : start + width]
            if name == UNSURE:
                found = now[:, 0] / second[:, -1] - before[:, 0] / first[:, -1]
            else:
                found = measure_distance(reference.bins[name], before, now)
            # Nothing to compare, as where hardly any row has the feature, is no alarm.
            measures[name].append(np.nan_to_num(found, nan=0.0).astype(np.float64))
            start += width
    return NullDistribution({name: np.concatenate(found) for name, found in measures.items()})
