"""How far two distributions lie apart, from counts over the same bins.

Held to the figures of TensorFlow Data Validation by a test, which counts in buckets of its own
choice and one pair at a time: calibration needs tens of thousands of them.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
