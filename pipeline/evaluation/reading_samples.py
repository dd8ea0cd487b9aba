"""What the report shows of the test examples: some readings, the confusions, the confidences.

A TFMA metric beside the rates, so that nothing has to be read again: random examples and the
worst ones, characters that were taken for others, and how far confidences held true. `judge.py`
decodes its values, which are JSON.
"""

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from rapidfuzz.distance import Levenshtein
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2

from pipeline.evaluation.ratio_metric import (
    ModelReadings,
    RatioMetric,
    compared_models,
    read_feature,
)
from pipeline.evaluation.resampling import hash_name
from pipeline.run_result import Confusion, ReadingPair
from schema import features
from serving.signatures import CONFIDENCE
from transforms.calibration import ReliabilityBin
from transforms.edit_distance import count_edits

CONFUSIONS, READINGS, CALIBRATION = "confusions", "readings", "calibration"
"""Names of the values, each of which is JSON."""

RANDOM_SHOWN, WORST_SHOWN = 12, 12
_CONFUSIONS_KEPT = 60
_CONFIDENCE_STEPS = 1000
_KEPT_UNSORTED = 500  # examples that wait before the worst are chosen
_BINS = 10


class ReadingSamples(metric_types.Metric):
    """The three values; labels and predictions are texts, string [n].

    Args:
      version: a hash of the code; another one makes cached results stale.
      options: those of the rates beside it, unused here.
    """

    def __init__(self, version: str = "", **options: Any) -> None:
        super().__init__(
            metric_util.merge_per_key_computations(self._computations), version=version, **options
        )

    def _computations(
        self,
        eval_config: config_pb2.EvalConfig | None = None,
        model_name: str = "",
        output_name: str = "",
        **_: Any,
    ) -> metric_types.MetricComputations:
        models = compared_models(eval_config, model_name)
        if model_name not in models[:1]:
            return []  # the candidate's computation looks at the baseline as well
        keys = [
            metric_types.MetricKey(name=name, model_name=model_name, output_name=output_name)
            for name in (CONFUSIONS, READINGS, CALIBRATION)
        ]
        looker = _LookAtExample(ModelReadings(models, eval_config, output_name))
        return [metric_types.MetricComputation(keys, [looker], _GatherSamples(keys))]


class _LookAtExample(metric_types.Preprocessor):
    """Makes a `ReadingPair` of each example.

    Args:
      reader: takes truth and predictions out of extracts.
    """

    def __init__(self, reader: ModelReadings) -> None:
        super().__init__("look at readings")
        self._reader = reader

    def process(self, extracts: tfma.Extracts) -> Iterator[list[ReadingPair]]:
        """Yields the examples of the extracts, usually one."""
        name = read_feature(extracts, features.SAMPLE_ID)
        confidences = self._reader.output(extracts, CONFIDENCE)
        found = []
        for both, confidence in zip(
            self._reader.of_each_model(extracts, RatioMetric.pairs), confidences, strict=True
        ):
            (truth, reading), *others = both
            pair = ReadingPair(name, truth, reading, float(confidence), _edits(truth, reading))
            for _, other in others:
                pair = ReadingPair(
                    **asdict(pair)
                    | {"baseline_reading": other, "baseline_edits": _edits(truth, other)}
                )
            found.append(pair)
        yield found


def _edits(truth: str, reading: str) -> int:
    return count_edits(truth, reading).character_edits


@dataclass
class _Samples:
    """What is kept of the examples seen so far.

    Args:
      pairs: examples, of which `thin_out` leaves the random and the worst ones.
      confusions: for each model, how often it read a character as another one; "" is none.
      confidences: for each step of confidence: examples, sum of confidences, right ones.
    """

    pairs: dict[str, ReadingPair] = field(default_factory=dict)
    confusions: tuple[Counter[tuple[str, str]], ...] = field(
        default_factory=lambda: (Counter(), Counter())
    )
    has_baseline: bool = False
    confidences: np.ndarray = field(default_factory=lambda: np.zeros([_CONFIDENCE_STEPS, 3]))

    def add(self, pair: ReadingPair) -> None:
        """Adds one example."""
        candidate, baseline = self.confusions
        candidate.update(_confuse(pair.truth, pair.reading))
        if pair.baseline_reading is not None:
            self.has_baseline = True
            baseline.update(_confuse(pair.truth, pair.baseline_reading))
        step = min(int(pair.confidence * _CONFIDENCE_STEPS), _CONFIDENCE_STEPS - 1)
        self.confidences[step] += 1, pair.confidence, not pair.edits
        self.pairs[pair.sample_id] = pair
        if len(self.pairs) > _KEPT_UNSORTED:
            self.thin_out()

    def add_samples(self, other: "_Samples") -> None:
        """Adds what was kept of other examples."""
        for mine, others in zip(self.confusions, other.confusions, strict=True):
            mine.update(others)
        self.has_baseline |= other.has_baseline
        self.confidences += other.confidences
        self.pairs |= other.pairs
        self.thin_out()

    def thin_out(self) -> None:
        """Leaves the examples that may be shown."""
        kept = [*self.random(), *heapq.nlargest(2 * WORST_SHOWN, self.pairs.values(), key=_badness)]
        self.pairs = {pair.sample_id: pair for pair in kept}

    def random(self) -> list[ReadingPair]:
        """Returns those whose names hash to the smallest numbers: the same ones in any order."""
        return heapq.nsmallest(
            RANDOM_SHOWN, self.pairs.values(), key=lambda pair: hash_name(pair.sample_id)
        )

    def worst(self, but: list[ReadingPair]) -> list[ReadingPair]:
        """Returns those with the largest share of wrong characters but for the given ones."""
        others = [pair for pair in self.pairs.values() if pair not in but]
        return [
            replace(pair, worst=True) for pair in heapq.nlargest(WORST_SHOWN, others, key=_badness)
        ]


def _badness(pair: ReadingPair) -> tuple[float, float, str]:
    """Returns the share of wrong characters; of equal shares, the surest reading is the worst."""
    return pair.edits / max(len(pair.truth), 1), pair.confidence, pair.sample_id


def _confuse(truth: str, reading: str) -> Iterator[tuple[str, str]]:
    for edit in Levenshtein.editops(truth, reading):
        missed = "" if edit.tag == "insert" else truth[edit.src_pos]
        put = "" if edit.tag == "delete" else reading[edit.dest_pos]
        yield missed, put


class _GatherSamples(beam.CombineFn):
    """Gathers examples and writes the three values.

    Args:
      keys: TFMA's, in the order confusions, readings, calibration.
    """

    def __init__(self, keys: list[metric_types.MetricKey]) -> None:
        super().__init__()
        self._keys = keys

    def create_accumulator(self) -> _Samples:
        return _Samples()

    def add_input(self, accumulator: _Samples, element: list[ReadingPair]) -> _Samples:
        for pair in element:
            accumulator.add(pair)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[_Samples]) -> _Samples:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            merged.add_samples(accumulator)
        return merged

    def extract_output(self, accumulator: _Samples) -> dict[metric_types.MetricKey, bytes]:
        random = accumulator.random()
        values: tuple[Sequence[Any], ...] = (
            _commonest(accumulator),
            [*random, *accumulator.worst(but=random)],
            _cut_into_bins(accumulator.confidences),
        )
        return {
            key: json.dumps([asdict(each) for each in value]).encode()
            for key, value in zip(self._keys, values, strict=True)
        }


def _commonest(samples: _Samples) -> list[Confusion]:
    candidate, baseline = samples.confusions
    return [
        Confusion(truth, reading, count, baseline[truth, reading] if samples.has_baseline else None)
        for (truth, reading), count in sorted(
            candidate.items(), key=lambda item: (-item[1], item[0])
        )[:_CONFUSIONS_KEPT]
    ]


def _cut_into_bins(confidences: np.ndarray) -> list[ReliabilityBin]:
    """Joins neighbouring steps into bins of about equal count."""
    ends = np.cumsum(confidences[:, 0])
    parts = np.minimum(np.ceil(ends / max(ends[-1], 1) * _BINS).astype(int), _BINS)
    sums = [confidences[parts == part].sum(axis=0) for part in range(_BINS + 1)]
    return [
        ReliabilityBin(int(count), float(total / count), float(right / count))
        for count, total, right in sums
        if count
    ]


metric_types.register_metric(ReadingSamples)
