"""Number, mean and spread of values that come in batches, added up without loss of digits."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.monitor.profile import NumberSummary


@dataclass(frozen=True)
class Moments:
    """Sums over values.

    Args:
      values: how many.
      minimum, maximum, mean: of them.
      squares: sum of the squared distances from the mean.
    """

    values: int
    minimum: float
    maximum: float
    mean: float
    squares: float

    def add(self, batch: NDArray[np.float64]) -> "Moments":
        """Returns the moments with more values, at least one."""
        mean = float(batch.mean())
        return self.merge(
            Moments(
                batch.size,
                float(batch.min()),
                float(batch.max()),
                mean,
                float(((batch - mean) ** 2).sum()),
            )
        )

    def merge(self, other: "Moments") -> "Moments":
        """Returns the moments of both; Chan, Golub and LeVeque, "Updating Formulae" (1979)."""
        if not self.values or not other.values:
            return self if self.values else other
        total, apart = self.values + other.values, other.mean - self.mean
        return Moments(
            total,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.mean + apart * other.values / total,
            self.squares + other.squares + apart**2 * self.values * other.values / total,
        )

    def summary(self, missing: int) -> NumberSummary:
        """Returns what is told of them; `missing` requests have no value."""
        deviation = math.sqrt(self.squares / self.values) if self.values else math.nan
        return NumberSummary(self.values, missing, self.minimum, self.maximum, self.mean, deviation)


NO_VALUES = Moments(0, math.nan, math.nan, math.nan, 0.0)
