"""Rates as TFMA metrics of plain sums, each with a confidence interval from the same pass.

Below `error_rates.py`, `character_accuracy.py` and `line_detection.py`. A rate is a sum over a
sum, never a mean of per-example rates. Examples are the sampling unit of its interval: the
variance of the ratio is estimated from sums of squares and products (the ratio estimator of
Cochran, "Sampling Techniques", 3rd edition, 1977, section 6.3).
"""

import abc
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any, ClassVar

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types, metric_util

EXAMPLES = "examples"
"""Name of the metric that counts the examples behind the rates."""

LOWER, UPPER = "_lower", "_upper"
"""Suffixes of the metric names that hold the bounds of the confidence interval."""

Pairs = Callable[[np.ndarray, np.ndarray], Iterable[tuple[Any, Any]]]
"""TFMA's arrays of labels and predictions -> truth and prediction of each example."""

CountPair = Callable[[Any, Any], dict[str, tuple[int, int]]]
"""(truth, prediction) -> rate by name -> what one example adds above and below the line."""


@dataclass
class RatioSums:
    """Sums over examples from which a rate and its interval follow; sums of two sets add up."""

    examples: int = 0
    above: float = 0.0
    below: float = 0.0
    above_squared: float = 0.0
    below_squared: float = 0.0
    product: float = 0.0

    def add_example(self, above: int, below: int) -> None:
        """Adds one example, such as a line's edits above its reference length."""
        self.examples += 1
        self.above += above
        self.below += below
        self.above_squared += above * above
        self.below_squared += below * below
        self.product += above * below

    def add_sums(self, other: "RatioSums") -> None:
        """Adds the sums over other examples."""
        for sums in fields(self):
            setattr(self, sums.name, getattr(self, sums.name) + getattr(other, sums.name))

    def rate(self) -> float:
        """Returns above over below; not a number where there is no reference at all."""
        return self.above / self.below if self.below else math.nan

    def interval(self, level: float) -> tuple[float, float]:
        """Returns the bounds of the rate at a confidence level such as 0.95.

        Both are not a number where fewer than two examples leave the spread unknown.
        """
        if self.examples < 2 or not self.below:
            return math.nan, math.nan
        rate = self.rate()
        residuals = self.above_squared - 2 * rate * self.product + rate * rate * self.below_squared
        variance = self.examples / (self.examples - 1) * max(residuals, 0.0) / self.below**2
        reach = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(variance)
        return max(rate - reach, 0.0), rate + reach


class RatioMetric(metric_types.Metric, abc.ABC):
    """Rates of one kind, each with its interval, and the number of examples (`EXAMPLES`).

    A subclass says `rates` and `count`, and `pairs` where truth or prediction is no string.

    Args:
      level: confidence level of the intervals.
      version: a hash of the code that computes them; another one makes cached results stale.
    """

    rates: ClassVar[tuple[str, ...]]

    def __init__(self, level: float = 0.95, version: str = "") -> None:
        super().__init__(
            metric_util.merge_per_key_computations(self._computations),
            level=level,
            version=version,
        )

    @staticmethod
    @abc.abstractmethod
    def count(truth: Any, prediction: Any) -> dict[str, tuple[int, int]]:
        """Returns rate -> what one example adds above and below the line."""

    @staticmethod
    def pairs(labels: np.ndarray, predictions: np.ndarray) -> Iterable[tuple[Any, Any]]:
        """Takes truth and prediction of each example out of TFMA's arrays: strings here."""
        for truth, prediction in zip(labels.ravel(), predictions.ravel(), strict=True):
            yield truth.decode(), prediction.decode()

    def _computations(
        self,
        level: float,
        version: str,
        eval_config: tfma.EvalConfig | None = None,
        model_name: str = "",
        output_name: str = "",
        **_: Any,
    ) -> metric_types.MetricComputations:
        names = (EXAMPLES, *(rate + end for rate in self.rates for end in ("", LOWER, UPPER)))
        keys = {
            # example_weighted=None is how TFMA's thresholds look the metric up.
            name: metric_types.MetricKey(
                name=name, model_name=model_name, output_name=output_name, example_weighted=None
            )
            for name in names
        }
        selection = {
            "eval_config": eval_config,
            "model_name": model_name,
            "output_name": output_name,
        }
        combiner = _SumRates(self.rates, self.count, self.pairs, keys, selection, level)
        return [metric_types.MetricComputation(list(keys.values()), None, combiner)]


class _SumRates(beam.CombineFn):
    """Adds examples up: an accumulator is rate -> `RatioSums`.

    Args:
      rates: their names.
      count: what one example adds to each.
      pairs: takes examples out of TFMA's arrays.
      keys: metric name -> TFMA's key.
      selection: which of TFMA's labels and predictions are meant.
      level: confidence level of the intervals.
    """

    def __init__(
        self,
        rates: tuple[str, ...],
        count: CountPair,
        pairs: Pairs,
        keys: dict[str, metric_types.MetricKey],
        selection: dict[str, Any],
        level: float,
    ) -> None:
        super().__init__()
        self._rates, self._count, self._pairs, self._keys = rates, count, pairs, keys
        self._selection, self._level = selection, level

    def create_accumulator(self) -> dict[str, RatioSums]:
        return {rate: RatioSums() for rate in self._rates}

    def add_input(
        self, accumulator: dict[str, RatioSums], element: metric_types.StandardMetricInputs
    ) -> dict[str, RatioSums]:
        for truths, predictions, _ in metric_util.to_label_prediction_example_weight(
            element, flatten=False, allow_none=False, **self._selection
        ):
            for truth, prediction in self._pairs(truths, predictions):
                counted = self._count(truth, prediction)
                for rate, (above, below) in counted.items():
                    accumulator[rate].add_example(above, below)
        return accumulator

    def merge_accumulators(
        self, accumulators: Iterable[dict[str, RatioSums]]
    ) -> dict[str, RatioSums]:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for rate, sums in accumulator.items():
                merged[rate].add_sums(sums)
        return merged

    def extract_output(
        self, accumulator: dict[str, RatioSums]
    ) -> dict[metric_types.MetricKey, float]:
        values = {EXAMPLES: float(accumulator[self._rates[0]].examples)}
        for rate, sums in accumulator.items():
            values[rate] = sums.rate()
            values[rate + LOWER], values[rate + UPPER] = sums.interval(self._level)
        return {self._keys[name]: value for name, value in values.items()}
