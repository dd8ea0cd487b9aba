"""How far two distributions lie apart, from counts over the same bins.

Held to the figures of TensorFlow Data Validation by a test, which counts in buckets of its own
choice and one pair at a time: calibration needs tens of thousands of them.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from serving.monitor.bins import Bins, NumberBins


def jensen_shannon(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Returns the Jensen-Shannon divergence in bits: 0 for the same, 1 where nothing is shared.

    Lin, "Divergence Measures Based on the Shannon Entropy" (1991).

    Args:
      first: counts or shares, [..., bins].
      second: likewise, of a shape that broadcasts with it.

    Returns:
      float64 [...], NaN where either has no counts.
    """
    p, q = _shares(first), _shares(second)
    middle = (p + q) / 2
    divergence = (_entropy(middle) - (_entropy(p) + _entropy(q)) / 2) / np.log(2)
    return np.clip(divergence, 0.0, 1.0)  # rounding may reach beyond; NaN stays


def infinity_norm(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Returns the largest difference between the shares of a bin, 0..1.

    Args:
      first: counts or shares, [..., bins].
      second: likewise, of a shape that broadcasts with it.

    Returns:
      float64 [...], NaN where either has no counts.
    """
    norm: NDArray[np.float64] = np.abs(_shares(first) - _shares(second)).max(axis=-1)
    return norm


def measure_distance(bins: Bins, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Measures as TFDV does: numbers by `jensen_shannon`, categories by `infinity_norm`."""
    measure = jensen_shannon if isinstance(bins, NumberBins) else infinity_norm
    return measure(first, second)


def _shares(counts: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(counts, np.float64)
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN, as documented
        shares: NDArray[np.float64] = numbers / numbers.sum(axis=-1, keepdims=True)
    return shares


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the entropy in nats: [..., bins] -> [...]."""
    logs = np.log(np.where(shares > 0, shares, 1.0))
    entropy: NDArray[np.float64] = -(shares * logs).sum(axis=-1)
    return entropy
