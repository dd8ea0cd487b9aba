"""Rates as TFMA metrics of plain sums, each with its interval, compared with the baseline in pairs.

Below `error_rates.py`, `character_accuracy.py` and `line_detection.py`; `resampling.py` adds up.
A rate is a sum over a sum, never a mean of per-example rates. Candidate and baseline are summed
over the same resamples, so that what makes an example hard for both cancels in their difference.
"""

import abc
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2

from pipeline.evaluation.resampling import Floats, ResampledSums, divide, interval
from pipeline.gate import CHANGE, EXAMPLES, LOWER, UNITS, UPPER, is_lower_better
from schema import features

Pairs = Callable[[np.ndarray, np.ndarray], Iterable[tuple[Any, Any]]]
"""TFMA's arrays of labels and predictions -> truth and prediction of each example."""

CountPair = Callable[[Any, Any], dict[str, tuple[int, int]]]
"""(truth, prediction) -> rate by name -> what one example adds above and below the line."""


class RatioMetric(metric_types.Metric, abc.ABC):
    """Rates of one kind with their intervals, and the number of examples and units behind them.

    A subclass says `rates` and `count`, and `pairs` where truth or prediction is no string. Where
    the evaluation has a baseline, each rate's change is measured as well.

    Args:
      level: confidence level of the intervals.
      resamples: how many resamples the intervals rest on.
      version: a hash of the code that computes them; another one makes cached results stale.
    """

    rates: ClassVar[tuple[str, ...]]

    def __init__(self, level: float = 0.95, resamples: int = 1000, version: str = "") -> None:
        super().__init__(
            metric_util.merge_per_key_computations(self._computations),
            level=level,
            resamples=resamples,
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
        resamples: int,
        version: str,
        eval_config: config_pb2.EvalConfig | None = None,
        model_name: str = "",
        output_name: str = "",
        **_: Any,
    ) -> metric_types.MetricComputations:
        models = compared_models(eval_config, model_name)
        if model_name not in models[:1]:
            return []  # the candidate's computation measures the baseline as well
        reader = ModelReadings(models, eval_config, output_name)
        combiner = _SumRates(self.rates, models, output_name, level, resamples)
        counter = _CountExample(f"count {type(self).__name__}", reader, self.count, self.pairs)
        return [metric_types.MetricComputation(combiner.keys(), [counter], combiner)]


def compared_models(eval_config: config_pb2.EvalConfig | None, model_name: str) -> tuple[str, ...]:
    """Returns TFMA's names of the candidate and, where there is one, the baseline."""
    specs = eval_config.model_specs if eval_config else []
    baselines = [spec.name for spec in specs if spec.is_baseline]
    candidates = [spec.name for spec in specs if not spec.is_baseline]
    return (*(candidates or [model_name]), *baselines)


@dataclass(frozen=True)
class ModelReadings:
    """Takes what the models said of an example out of TFMA's extracts.

    Args:
      models: TFMA's names of candidate and baseline.
      eval_config: names label and prediction.
      output_name: of TFMA.
    """

    models: tuple[str, ...]
    eval_config: config_pb2.EvalConfig | None
    output_name: str

    def of_each_model(
        self, extracts: tfma.Extracts, pairs: Pairs
    ) -> Iterator[tuple[tuple[Any, Any], ...]]:
        """Yields, for each example, truth and prediction of each model."""
        inputs = metric_types.StandardMetricInputs(extracts)
        found = []
        for model in self.models:
            selected = metric_util.to_label_prediction_example_weight(
                inputs,
                eval_config=self.eval_config,
                model_name=model,
                output_name=self.output_name,
                flatten=False,
                allow_none=False,
            )
            found.append(
                [pair for labels, predictions, _ in selected for pair in pairs(labels, predictions)]
            )
        yield from zip(*found, strict=True)

    def output(self, extracts: tfma.Extracts, name: str) -> np.ndarray:
        """Returns another output of the candidate than the prediction, [examples]."""
        outputs = metric_types.StandardMetricInputs(extracts).get_predictions(self.models[0])
        return np.asarray(outputs[name]).ravel()


def read_feature(extracts: tfma.Extracts, key: str) -> str:
    """Returns the one value of a feature of an example."""
    [value] = np.asarray(extracts[tfma.FEATURES_KEY][key]).ravel()
    return value.decode()


@dataclass(frozen=True)
class _Counted:
    """What one example adds.

    Args:
      unit: what is resampled, as `features.CLUSTER` names it.
      example: the example's name.
      row: models x rates x (above, below), in one row.
    """

    unit: str
    example: str
    row: Floats


class _CountExample(metric_types.Preprocessor):
    """Counts each example once, before TFMA hands it to the slices that it belongs to.

    Args:
      name: tells it apart from other preprocessors.
      reader: takes truth and predictions out of extracts.
      count: what a prediction adds to each rate.
      pairs: takes examples out of TFMA's arrays.
    """

    def __init__(self, name: str, reader: ModelReadings, count: CountPair, pairs: Pairs) -> None:
        super().__init__(name)
        self._reader, self._count, self._pairs = reader, count, pairs

    def process(self, extracts: tfma.Extracts) -> Iterator[list[_Counted]]:
        """Yields what the examples of the extracts, usually one, add."""
        unit = read_feature(extracts, features.CLUSTER)
        example = read_feature(extracts, features.SAMPLE_ID)
        yield [
            _Counted(unit, example, np.ravel([list(self._count(*pair).values()) for pair in both]))
            for both in self._reader.of_each_model(extracts, self._pairs)
        ]


class _SumRates(beam.CombineFn):
    """Adds examples up and draws rates, changes and their intervals from the sums.

    Args:
      rates: their names.
      models: TFMA's names of candidate and baseline.
      output_name: of TFMA.
      level: confidence level of the intervals.
      resamples: how many the intervals rest on.
    """

    def __init__(
        self,
        rates: tuple[str, ...],
        models: tuple[str, ...],
        output_name: str,
        level: float,
        resamples: int,
    ) -> None:
        super().__init__()
        self._rates, self._models, self._output_name = rates, models, output_name
        self._level, self._resamples = level, resamples

    def keys(self) -> list[metric_types.MetricKey]:
        """Returns the keys of all that comes out."""
        return list(self._values(self.create_accumulator()))

    def create_accumulator(self) -> ResampledSums:
        return ResampledSums(len(self._models) * len(self._rates) * 2, self._resamples)

    def add_input(self, accumulator: ResampledSums, element: list[_Counted]) -> ResampledSums:
        for counted in element:
            accumulator.add(counted.unit, counted.example, counted.row)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[ResampledSums]) -> ResampledSums:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            merged.add_sums(accumulator)
        return merged

    def compact(self, accumulator: ResampledSums) -> ResampledSums:
        accumulator.flush()
        return accumulator

    def extract_output(self, accumulator: ResampledSums) -> dict[metric_types.MetricKey, float]:
        return self._values(accumulator)

    def _values(self, sums: ResampledSums) -> dict[metric_types.MetricKey, float]:
        shape = (len(self._models), len(self._rates), 2)
        totals = sums.totals().reshape(shape)
        resampled = sums.resampled().reshape([*shape, self._resamples])
        overall = divide(totals[..., 0], totals[..., 1])  # [models, rates]
        spread = divide(resampled[:, :, 0], resampled[:, :, 1])  # [models, rates, resamples]
        values: dict[metric_types.MetricKey, float] = {}
        for model, rates, over_resamples in zip(self._models, overall, spread, strict=True):
            values |= self._rate_values(model, rates, over_resamples, sums)
        if len(self._models) > 1:
            values |= self._change_values(overall[0] - overall[1], spread[0] - spread[1], sums)
        return values

    def _rate_values(
        self, model: str, overall: Floats, spread: Floats, sums: ResampledSums
    ) -> dict[metric_types.MetricKey, float]:
        """Returns what was measured of a model.

        Args:
          model: TFMA's name.
          overall: [rates].
          spread: [rates, resamples].
          sums: tell how much is behind them.
        """
        values = {EXAMPLES: float(sums.examples), UNITS: float(sums.units)}
        for rate, value, resampled in zip(self._rates, overall.tolist(), spread, strict=True):
            # Error rates have no upper end, for anything may be read that is not there.
            limits = 0.0, math.inf if is_lower_better(rate) else 1.0
            lower, upper = interval(value, resampled, sums.units, self._level, limits)
            values |= {rate: value, rate + LOWER: lower, rate + UPPER: upper}
        return {self._key(name, model): value for name, value in values.items()}

    def _change_values(
        self, overall: Floats, spread: Floats, sums: ResampledSums
    ) -> dict[metric_types.MetricKey, float]:
        """Returns the bounds of each rate's change; TFMA makes the change itself.

        Args:
          overall: [rates], candidate less baseline.
          spread: [rates, resamples], the same over each resample.
          sums: tell how much is behind them.
        """
        values: dict[str, float] = {}
        for rate, value, resampled in zip(self._rates, overall.tolist(), spread, strict=True):
            lower, upper = interval(value, resampled, sums.units, self._level)
            values |= {rate + CHANGE + LOWER: lower, rate + CHANGE + UPPER: upper}
        return {
            self._key(name, self._models[0], is_diff=True): value for name, value in values.items()
        }

    def _key(self, name: str, model: str, is_diff: bool = False) -> metric_types.MetricKey:
        # example_weighted=None is how TFMA's thresholds look the metric up.
        return metric_types.MetricKey(
            name=name,
            model_name=model,
            output_name=self._output_name,
            example_weighted=None,
            is_diff=is_diff,
        )
