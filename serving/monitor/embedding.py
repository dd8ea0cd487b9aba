"""What numbers miss: whether the network's trunk sees other pictures than it saw of clean ones.

The pictures' features, one vector each, are compared by their maximum mean discrepancy (Gretton,
Borgwardt, Rasch, Schoelkopf and Smola, "A Kernel Two-Sample Test", 2012), and permutations of
who belongs where tell how rare so much of it is: the method of its section 5, with the median of
all distances as the kernel's width as in its section 8.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serving.monitor.profile import WindowProfile
from serving.signatures import FEATURES

LEAST_PICTURES = 20
"""Of a window, below which its embeddings are not compared."""
MOST_PICTURES = 300
"""Of a window, whose features are compared: that takes the square of the number."""
_AT_ONCE = 500  # permutations
_ROUNDING = 1e-6  # of a squared discrepancy, which is at most 2


@dataclass(frozen=True)
class Discrepancy:
    """How far two sets of vectors lie apart.

    Args:
      squared: the biased estimate of the squared maximum mean discrepancy, at least 0.
      threshold: what it exceeds by chance at the rate that was asked for.
      p_value: of so much of it, or more, by chance.
    """

    squared: float
    threshold: float
    p_value: float


def measure_discrepancy(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    rate: float,
    permutations: int,
    seed: int,
) -> Discrepancy:
    """Compares two samples.

    Args:
      first: [k, d].
      second: [n, d].
      rate: of false alarms.
      permutations: the p-value is a multiple of one over this number and one.
      seed: decides them.
    """
    kernel = _gaussian_kernel(np.concatenate([first, second]).astype(np.float64))
    count = len(kernel)
    own = np.where(np.arange(count) < len(first), 1 / len(first), -1 / len(second))
    own = own.astype(np.float32)
    squared = float(own @ kernel @ own)
    chance = np.random.default_rng(seed)
    null = []
    for start in range(0, permutations, _AT_ONCE):
        weights = np.tile(own, [min(_AT_ONCE, permutations - start), 1])
        shuffled = chance.permuted(weights, axis=1)
        null.append(((shuffled @ kernel) * shuffled).sum(axis=1))
    by_chance = np.sort(np.concatenate(null))
    allowed = int(np.floor(rate * (permutations + 1)))  # itself counted in
    return Discrepancy(
        squared,
        float(by_chance[-allowed]) if allowed else np.inf,
        float((1 + np.count_nonzero(by_chance >= squared - _ROUNDING)) / (1 + permutations)),
    )


def add_embeddings(profile: WindowProfile, model: Path) -> WindowProfile:
    """Asks a model for the features of a window's sampled pictures.

    Args:
      profile: of the window.
      model: the folder of the version that answered.

    Returns:
      the profile with its embeddings, or as it was where the model has no signature for them.
    """
    pictures = [each.request.image for each in profile.sampled[:MOST_PICTURES]]
    embeddings = describe_pictures(model, pictures) if pictures else None
    return dataclasses.replace(profile, embeddings=embeddings)


def describe_pictures(model: Path, pictures: Sequence[bytes]) -> NDArray[np.float32] | None:
    """Returns what a model's trunk makes of pictures, [k, d].

    Args:
      model: folder of a SavedModel.
      pictures: PNG or JPEG. One that cannot be decoded is left out.

    Returns:
      the vectors in order; None where the model has no signature `FEATURES`.
    """
    from serving.monitor.pushed_model import PushedModel

    with PushedModel(model) as loaded:
        if FEATURES not in loaded.signatures:
            return None
        rows = [row[FEATURES] for row in loaded.ask(FEATURES, pictures) if row is not None]
    return np.array(rows, np.float32).reshape(len(rows), -1 if rows else 0)


def _gaussian_kernel(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns exp(-distance^2 / median distance^2) of all pairs, [n, d] -> [n, n]."""
    centred = vectors - vectors.mean(axis=0)
    squares = (centred**2).sum(axis=1)
    distances = np.maximum(squares[:, np.newaxis] + squares - 2 * centred @ centred.T, 0)
    width = np.median(distances[np.triu_indices(len(vectors), 1)])
    kernel: NDArray[np.float32] = np.exp(-distances / (width or 1.0)).astype(np.float32)
    return kernel
