"""Counts as the statistics that TensorFlow Data Validation compares and validates.

TFDV makes them of examples by a Beam job. A window has been counted already, in bins that are those
of the reference, and where both histograms have the same buckets TFDV changes none of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tensorflow_metadata.proto.v0 import statistics_pb2

from serving.monitor.bins import Bins, CategoryBins, NumberBins
from serving.monitor.profile import WindowProfile
from serving.monitor.reference import Reference

_Feature = statistics_pb2.FeatureNameStatistics


@dataclass(frozen=True)
class Counted:
    """A feature of a set of requests.

    Args:
      counts: int64 [bins].
      present: requests that have it.
      minimum: of a number's values.
      maximum: likewise.
    """

    counts: NDArray[np.int64]
    present: int
    minimum: float = math.nan
    maximum: float = math.nan


def reference_statistics(
    reference: Reference, whole: Sequence[str]
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Tells the reference in TFDV's terms; `whole` names the features that are whole numbers."""
    found = {}
    for name, rows in reference.counts.items():
        ends = reference.quantiles.get(name, np.array([np.nan]))
        present = int(np.count_nonzero(rows.sum(axis=1)))
        found[name] = Counted(reference.totals[name], present, float(ends[0]), float(ends[-1]))
    return make_statistics(len(reference), reference.bins, found, whole)


def window_statistics(
    profile: WindowProfile, bins: Mapping[str, Bins], whole: Sequence[str]
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Tells a window in TFDV's terms; features that no request has are left out."""
    found = {}
    for name, counts in profile.counts.items():
        if not counts.sum():
            continue
        summary = profile.numbers.get(name)
        if summary is None:
            present = min(int(counts.sum()), profile.requests)
            found[name] = Counted(counts, present)
        else:
            found[name] = Counted(counts, summary.values, summary.minimum, summary.maximum)
    return make_statistics(profile.requests, bins, found, whole)


def make_statistics(
    requests: int, bins: Mapping[str, Bins], found: Mapping[str, Counted], whole: Sequence[str]
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Tells counted features in TFDV's terms.

    Args:
      requests: all of them.
      bins: of each feature.
      found: the features.
      whole: names of those that are whole numbers.
    """
    made = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = made.datasets.add(num_examples=requests)
    for name, counted in found.items():
        feature = dataset.features.add()
        feature.path.step.append(name)
        each = bins[name]
        if isinstance(each, NumberBins):
            feature.type = _Feature.INT if name in whole else _Feature.FLOAT
            _tell_number(feature.num_stats, each, counted, requests)
        else:
            feature.type = _Feature.STRING
            _tell_categories(feature.string_stats, each, counted, requests)
    return made


def _tell_common(common: statistics_pb2.CommonStatistics, counted: Counted, requests: int) -> None:
    common.num_non_missing = counted.present
    common.num_missing = requests - counted.present
    common.tot_num_values = int(counted.counts.sum())
    common.min_num_values = common.max_num_values = 1


def _tell_number(
    told: statistics_pb2.NumericStatistics, bins: NumberBins, counted: Counted, requests: int
) -> None:
    _tell_common(told.common_stats, counted, requests)
    told.min, told.max = counted.minimum, counted.maximum
    histogram = told.histograms.add(type=statistics_pb2.Histogram.STANDARD)
    # TFDV finds nothing in common where all lies in a bucket without an end.
    slack = max(bins.edges[-1] - bins.edges[0], 1.0)
    ends = (bins.edges[0] - slack, *bins.edges, bins.edges[-1] + slack)
    for low, high, count in zip(ends[:-1], ends[1:], counted.counts, strict=True):
        histogram.buckets.add(low_value=low, high_value=high, sample_count=float(count))


def _tell_categories(
    told: statistics_pb2.StringStatistics, bins: CategoryBins, counted: Counted, requests: int
) -> None:
    _tell_common(told.common_stats, counted, requests)
    told.common_stats.max_num_values = max(int(counted.counts.sum()), 1)
    told.unique = int(np.count_nonzero(counted.counts))
    for rank, (name, count) in enumerate(zip(bins.names, counted.counts, strict=True)):
        told.rank_histogram.buckets.add(
            low_rank=rank, high_rank=rank, label=name, sample_count=float(count)
        )
