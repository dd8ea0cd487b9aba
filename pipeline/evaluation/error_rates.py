"""Corpus character and word error rate as a TFMA metric of plain sums.

Between Evaluator and `verdict.py`. The rate is the sum of edits over the sum of reference
lengths. Its confidence interval comes from the same pass: lines are the sampling unit, and the
variance of the ratio is estimated from sums of squares and products (the ratio estimator of
Cochran, "Sampling Techniques", 3rd edition, 1977, section 6.3).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types, metric_util

from transforms.edit_distance import count_edits

CER, WER = "cer", "wer"
LINES = "lines"
LOWER, UPPER = "_lower", "_upper"
"""Suffixes of the metric names that hold the bounds of the confidence interval."""

METRIC_NAMES = (LINES, *(rate + end for rate in (CER, WER) for end in ("", LOWER, UPPER)))


@dataclass
class RatioSums:
    """Sums over lines from which a rate and its interval follow; sums of two sets add up."""

    lines: int = 0
    edits: float = 0.0
    length: float = 0.0
    edits_squared: float = 0.0
    length_squared: float = 0.0
    product: float = 0.0

    def add_line(self, edits: int, length: int) -> None:
        """Adds one line's edits and reference length."""
        self.lines += 1
        self.edits += edits
        self.length += length
        self.edits_squared += edits * edits
        self.length_squared += length * length
        self.product += edits * length

    def add_sums(self, other: "RatioSums") -> None:
        """Adds the sums over other lines."""
        for sums in fields(self):
            setattr(self, sums.name, getattr(self, sums.name) + getattr(other, sums.name))

    def rate(self) -> float:
        """Returns edits over length; not a number where there is no reference at all."""
        return self.edits / self.length if self.length else math.nan

    def interval(self, level: float) -> tuple[float, float]:
        """Returns the bounds of the rate at a confidence level such as 0.95.

        Both are not a number where fewer than two lines leave the spread unknown.
        """
        if self.lines < 2 or not self.length:
            return math.nan, math.nan
        rate = self.rate()
        residuals = self.edits_squared - 2 * rate * self.product + rate * rate * self.length_squared
        variance = self.lines / (self.lines - 1) * max(residuals, 0.0) / self.length**2
        reach = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(variance)
        return max(rate - reach, 0.0), rate + reach


class ErrorRates(metric_types.Metric):
    """CER and WER with their intervals, and the number of lines (`METRIC_NAMES`).

    Labels and predictions are texts, string [n].

    Args:
      level: confidence level of the intervals.
      version: a hash of the code that computes them; another one makes cached results stale.
    """

    def __init__(self, level: float = 0.95, version: str = "") -> None:
        super().__init__(
            metric_util.merge_per_key_computations(_error_rates), level=level, version=version
        )


metric_types.register_metric(ErrorRates)


def _error_rates(
    level: float,
    version: str,
    eval_config: tfma.EvalConfig | None = None,
    model_name: str = "",
    output_name: str = "",
    **_: Any,
) -> metric_types.MetricComputations:
    keys = {
        # example_weighted=None is how TFMA's thresholds look the metric up.
        name: metric_types.MetricKey(
            name=name, model_name=model_name, output_name=output_name, example_weighted=None
        )
        for name in METRIC_NAMES
    }
    combiner = _SumEdits(keys, eval_config, model_name, output_name, level)
    return [metric_types.MetricComputation(list(keys.values()), None, combiner)]


class _SumEdits(beam.CombineFn):
    """Sums edits over lines: an accumulator is (character sums, word sums)."""

    def __init__(
        self,
        keys: dict[str, metric_types.MetricKey],
        eval_config: tfma.EvalConfig | None,
        model_name: str,
        output_name: str,
        level: float,
    ) -> None:
        super().__init__()
        self._keys, self._level = keys, level
        self._selection = {
            "eval_config": eval_config,
            "model_name": model_name,
            "output_name": output_name,
        }

    def create_accumulator(self) -> tuple[RatioSums, RatioSums]:
        return RatioSums(), RatioSums()

    def add_input(
        self,
        accumulator: tuple[RatioSums, RatioSums],
        element: metric_types.StandardMetricInputs,
    ) -> tuple[RatioSums, RatioSums]:
        characters, words = accumulator
        for truths, readings, _ in metric_util.to_label_prediction_example_weight(
            element, flatten=False, allow_none=False, **self._selection
        ):
            for truth, reading in zip(truths.ravel(), readings.ravel(), strict=True):
                edits = count_edits(truth.decode(), reading.decode())
                characters.add_line(edits.character_edits, edits.characters)
                words.add_line(edits.word_edits, edits.words)
        return accumulator

    def merge_accumulators(
        self, accumulators: Iterable[tuple[RatioSums, RatioSums]]
    ) -> tuple[RatioSums, RatioSums]:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for sums, other in zip(merged, accumulator, strict=True):
                sums.add_sums(other)
        return merged

    def extract_output(
        self, accumulator: tuple[RatioSums, RatioSums]
    ) -> dict[metric_types.MetricKey, float]:
        values = {LINES: float(accumulator[0].lines)}
        for name, sums in zip((CER, WER), accumulator, strict=True):
            values[name] = sums.rate()
            values[name + LOWER], values[name + UPPER] = sums.interval(self._level)
        return {self._keys[name]: value for name, value in values.items()}
