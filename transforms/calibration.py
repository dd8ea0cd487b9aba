"""From evidence to probability: confidences that are right as often as they say.

The Trainer fits a calibration on the validation lines, `transforms.confidence` applies it in the
served graph, and the report draws how far it can be relied on. NumPy only; fitting takes SciPy.

Networks are too sure of themselves; a logistic curve over their own log odds mends it (Platt,
"Probabilistic Outputs for Support Vector Machines", 1999; temperature scaling in Guo et al., "On
Calibration of Modern Neural Networks", 2017, is the case of one weight and no bias).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

PRIOR_WEIGHT = 1.0
"""Pull towards the network's own opinion, in observations: it decides where there are none."""


@dataclass(frozen=True)
class Calibration:
    """Probability of being right: the logistic function of `weights . evidence + bias`.

    Args:
      weights: one for each piece of evidence, of which the first is a log odds of being right.
      bias: added to the sum.
    """

    weights: tuple[float, ...]
    bias: float = 0.0

    def apply(self, evidence: ArrayLike) -> NDArray[np.float64]:
        """Returns probabilities [m] from evidence [m, pieces]."""
        return _logistic(np.asarray(evidence, np.float64) @ np.array(self.weights) + self.bias)


UNCALIBRATED_CHARACTER = Calibration((1.0, 0.0))
UNCALIBRATED_LINE = Calibration((1.0,))
"""Take the evidence for what it says."""


def fit_calibration(evidence: ArrayLike, right: ArrayLike) -> Calibration:
    """Finds the weights under which what was observed is likeliest.

    Args:
      evidence: float [m, pieces]; m may be 0.
      right: bool [m], what came true.

    Returns:
      the calibration; with few observations it stays near what the first piece of evidence says.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    pieces = np.asarray(evidence, np.float64)
    inputs = np.column_stack([pieces, np.ones(len(pieces))])  # [m, pieces + 1]
    true = np.asarray(right, np.float64)
    prior = np.array([1.0, *[0.0] * pieces.shape[1]])

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = inputs @ parameters
        surprise = np.sum(np.logaddexp(0.0, logits) - true * logits)
        pull = parameters - prior
        gradient = inputs.T @ (_logistic(logits) - true) + PRIOR_WEIGHT * pull
        return float(surprise + PRIOR_WEIGHT * pull @ pull / 2), gradient

    found = minimize(loss, prior, jac=True, method="L-BFGS-B").x
    return Calibration(tuple(map(float, found[:-1])), float(found[-1]))


def cross_calibrate(
    evidence: ArrayLike, right: ArrayLike, groups: ArrayLike
) -> NDArray[np.float64]:
    """Returns confidences [m] as they would be on data that was not fitted.

    The groups, int [m], are halved by parity; each half is judged by the fit on the other one.
    """
    pieces, true = np.asarray(evidence, np.float64), np.asarray(right, bool)
    odd = np.asarray(groups) % 2 == 1
    confidences = np.empty(len(pieces))
    for half in (odd, ~odd):
        confidences[half] = fit_calibration(pieces[~half], true[~half]).apply(pieces[half])
    return confidences


@dataclass(frozen=True)
class ReliabilityBin:
    """What confidences of one range came to.

    Args:
      count: how many there were, at least 1.
      confidence: their mean, 0..1.
      accuracy: the share that was right, 0..1.
    """

    count: int
    confidence: float
    accuracy: float


def reliability(
    confidences: ArrayLike, right: ArrayLike, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Cuts confidences [m], in order, into at most `bins` bins of equal count."""
    values, true = np.asarray(confidences, np.float64), np.asarray(right, bool)
    order = np.argsort(values, kind="stable")
    return tuple(
        ReliabilityBin(len(part), float(values[part].mean()), float(true[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    )


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Returns the expected calibration error, 0..1: the mean gap, each bin by its count.

    Raises:
      ValueError: there is no bin.
    """
    if not bins:
        raise ValueError("expected at least one bin of confidences")
    gaps = [each.count * abs(each.confidence - each.accuracy) for each in bins]
    return sum(gaps) / sum(each.count for each in bins)


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns 1 / (1 + exp(-values)) without overflow."""
    return np.exp(-np.logaddexp(0.0, -values))
