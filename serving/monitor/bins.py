"""Bins in which the values of a feature are counted: of the reference and of every window alike.

Counts are all that is kept of a window's values, however many requests it has: they add up, and
divergences are made of them. `serving.monitor.reference` holds the bins, learned from clean data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

NUMBER_BINS = 16
"""Bins of a number, but for one or two beyond its values: a window of 500 requests puts some thirty
into each."""

RARE_SHARE = 0.005
"""Categories with a smaller share of the reference are counted together: whether one of them occurs
is chance."""


@dataclass(frozen=True)
class NumberBins:
    """Bins of a number: below the first edge, between each two, from the last edge on.

    Args:
      edges: float64 [k], rising; a value that equals an edge lies above it.
    """

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.edges or list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"expected rising edges, got {self.edges}")

    def __len__(self) -> int:
        return len(self.edges) + 1

    def place(self, values: ArrayLike) -> NDArray[np.int64]:
        """Returns the bin of each value, int64 of the same shape; values are finite."""
        return np.searchsorted(np.asarray(self.edges), np.asarray(values), side="right")

    def count(self, values: ArrayLike) -> NDArray[np.int64]:
        """Returns how many values lie in each bin, int64 [len(self)]."""
        return np.bincount(self.place(values).ravel(), minlength=len(self))

    @property
    def names(self) -> tuple[str, ...]:
        """What to call each bin, as in "< 3", "3 to 4.5", ">= 4.5"."""
        shown = [f"{edge:.4g}" for edge in self.edges]
        between = (f"{low} to {high}" for low, high in pairwise(shown))
        return (f"< {shown[0]}", *between, f">= {shown[-1]}")


@dataclass(frozen=True)
class CategoryBins:
    """One bin for each category, and a last one for all others.

    Args:
      categories: distinct, in any order.
    """

    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.categories)) != len(self.categories):
            raise ValueError(f"expected distinct categories, got {self.categories}")

    def __len__(self) -> int:
        return len(self.categories) + 1

    def place(self, values: Iterable[str]) -> NDArray[np.int64]:
        """Returns the bin of each value, int64 [n]."""
        number = {category: place for place, category in enumerate(self.categories)}
        return np.array([number.get(value, len(number)) for value in values], np.int64)

    def count(self, values: Iterable[str]) -> NDArray[np.int64]:
        """Returns how many values lie in each bin, int64 [len(self)]."""
        return np.bincount(self.place(values), minlength=len(self))

    @property
    def names(self) -> tuple[str, ...]:
        """What to call each bin."""
        return (*self.categories, "(others)")


Bins = NumberBins | CategoryBins


def learn_number_bins(values: ArrayLike, most: int = NUMBER_BINS) -> NumberBins:
    """Makes bins that hold about as many of the values each.

    Args:
      values: finite, any shape, at least one.
      most: bins, those of the least and the largest values included, which hold `RARE_SHARE` each:
        so often clean values lie there.

    Returns:
      bins whose edges lie between values that occur, so that rounding moves none over an edge. What
      lies beyond a least or largest value that is frequent has a bin of its own.
    """
    found = np.asarray(values, np.float64).ravel()
    ordered = np.unique(found)
    shares = [RARE_SHARE, *np.linspace(0, 1, most - 1)[1:-1], 1 - RARE_SHARE]
    # The value that closes a bin, and the next one: the edge goes between them.
    closing = np.quantile(found, shares, method="inverted_cdf")
    above = np.unique(np.searchsorted(ordered, closing, side="right"))
    above = above[above < len(ordered)]
    edges = ((ordered[above - 1] + ordered[above]) / 2).tolist()
    slack = max(ordered[-1] - ordered[0], abs(ordered[0]), abs(ordered[-1]), 1.0) * 1e-6
    frequent = 2 * RARE_SHARE * len(found)
    if not edges or np.count_nonzero(found < edges[0]) >= frequent:
        edges.insert(0, ordered[0] - slack)
    if len(edges) == 1 or np.count_nonzero(found > edges[-1]) >= frequent:
        edges.append(ordered[-1] + slack)
    return NumberBins(tuple(sorted(set(map(float, edges)))))


def learn_category_bins(values: Iterable[str], rare_share: float = RARE_SHARE) -> CategoryBins:
    """Makes a bin for each category that has its share of the values, the most frequent first."""
    names, counts = np.unique(list(values), return_counts=True)
    order = np.lexsort((names, -counts))
    return CategoryBins(
        tuple(str(names[each]) for each in order if counts[each] >= rare_share * counts.sum())
    )
