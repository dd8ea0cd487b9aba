"""Sums over examples, and the same sums over a thousand resamples of them, in one pass.

Below `ratio_metric.py`. The Poisson bootstrap (Chamandy et al., "Estimating Uncertainty for
Massive Data Streams", 2012): in each resample an independent unit counts as often as a Poisson
variable of mean 1 says. The units are writers or pages where these are known, for errors come
together in a bad hand or a bad scan. The numbers are hashed from the unit's name, so that every
example of a unit, the models that are compared, and all workers draw the same ones, and sums of
parts simply add up.
"""

import functools
import hashlib
import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit  # type: ignore[import-untyped]

UNITS_TOLD = 1000
"""Units are counted up to here: beyond, their number changes no interval."""

FEW_UNITS = 30
"""With fewer, percentiles of resamples are too close together."""

_PENDING = 256  # examples that are weighted in one matrix product
_DRAWS = 2**16  # a draw has two bytes

Floats = NDArray[np.float64]


def _poisson_quantiles() -> NDArray[np.uint8]:
    """Returns the Poisson variable of mean 1 for each uniform draw of two bytes."""
    chances = [math.exp(-1) / math.factorial(count) for count in range(12)]
    return np.searchsorted(np.cumsum(chances), (np.arange(_DRAWS) + 0.5) / _DRAWS).astype(np.uint8)


_QUANTILES = _poisson_quantiles()


@functools.lru_cache(maxsize=4096)
def draw_weights(unit: str, resamples: int) -> NDArray[np.uint8]:
    """Returns how often a unit counts in each resample, [resamples]; the same name, the same.

    An example is on several slices, one after the other: the last units' draws are kept.
    """
    draws = hashlib.shake_128(unit.encode()).digest(2 * resamples)
    return _QUANTILES[np.frombuffer(draws, "<u2")]


def hash_name(name: str) -> int:
    """Returns a number from 0 to 2^64 that follows from the name alone."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


class ResampledSums:
    """Sums of what examples add to some columns; those of two sets add up.

    Where all examples are of one unit, as on the slice of a writer, the examples themselves are
    resampled: the question is then how well the model reads this unit.

    Args:
      columns: how many numbers an example adds.
      resamples: how many resamples are summed up.
    """

    def __init__(self, columns: int, resamples: int) -> None:
        self.examples = 0
        self._resamples = resamples
        self._totals = np.zeros(columns)
        self._by_unit = np.zeros([columns, resamples])
        self._by_example: Floats | None = np.zeros([columns, resamples])
        self._units: set[str] = set()
        self._pending: list[tuple[str, str, Floats]] = []

    def add(self, unit: str, example: str, row: Floats) -> None:
        """Adds one example.

        Args:
          unit: names what is independent of other units, such as a writer.
          example: names the example.
          row: [columns], what it adds.
        """
        self._pending.append((unit, example, row))
        if len(self._pending) == _PENDING:
            self.flush()

    def add_sums(self, other: "ResampledSums") -> None:
        """Adds the sums over other examples."""
        self.flush()
        other.flush()
        self._see_units(other._units)
        if self._by_example is not None and other._by_example is not None:
            self._by_example += other._by_example
        self.examples += other.examples
        self._totals += other._totals
        self._by_unit += other._by_unit

    def flush(self) -> None:
        """Works off the examples that wait, as before the sums are sent to another worker."""
        if not self._pending:
            return
        units, examples, rows = zip(*self._pending, strict=True)
        self._pending = []
        self._see_units(units)
        table = np.array(rows)  # [n, columns]
        self.examples += len(table)
        self._totals += table.sum(axis=0)
        self._by_unit += self._weigh(table, units)
        if self._by_example is not None:
            self._by_example += self._weigh(table, examples)

    def _see_units(self, units: Iterable[str]) -> None:
        self._units.update(units)
        if len(self._units) > 1:
            self._by_example = None
        while len(self._units) > UNITS_TOLD:
            self._units.pop()

    def _weigh(self, table: Floats, names: tuple[str, ...]) -> Floats:
        # Whole numbers below 2^24 are exact in float32, whose product is twice as fast.
        weights = np.array([draw_weights(name, self._resamples) for name in names], np.float32)
        return (table.astype(np.float32).T @ weights).astype(np.float64)

    @property
    def units(self) -> int:
        """What is independent of each other, up to `UNITS_TOLD`: units, or a unit's examples."""
        self.flush()
        return min(self.examples, UNITS_TOLD) if len(self._units) == 1 else len(self._units)

    def totals(self) -> Floats:
        """Returns the sums over all examples, [columns]."""
        self.flush()
        return self._totals

    def resampled(self) -> Floats:
        """Returns the sums over each resample, [columns, resamples]."""
        self.flush()
        return self._by_unit if self._by_example is None else self._by_example


def divide(above: Floats, below: Floats) -> Floats:
    """Returns `above` over `below`; not a number where `below` is 0."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def interval(
    value: float,
    resampled: Floats,
    units: int,
    level: float,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float]:
    """Returns the bounds of a confidence interval around a figure.

    They are percentiles over the resamples, widened as Student's t is against the normal
    distribution (the expanded percentile interval of Hesterberg, "What Teachers Should Know about
    the Bootstrap", 2014). Resamples of a few units reach no further than the extreme ones of them:
    below `FEW_UNITS` it is Student's interval with the resamples' standard deviation.

    Args:
      value: the figure.
      resampled: [resamples], the same over each; where it is not a number it is left out.
      units: independent units behind it.
      level: such as 0.95.
      limits: what the figure can be at least and at most.

    Returns:
      lower and upper bound; the limits where fewer than two units leave the spread unknown.
    """
    known = resampled[np.isfinite(resampled)]
    if units < 2 or not known.size:
        return limits
    reach = math.sqrt(units / (units - 1)) * stdtrit(units - 1, (1 + level) / 2)
    if units < FEW_UNITS:
        lower, upper = value - reach * known.std(), value + reach * known.std()
    else:
        lower, upper = np.quantile(known, [ndtr(-reach), ndtr(reach)])
    return max(float(lower), limits[0]), min(float(upper), limits[1])
