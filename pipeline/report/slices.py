"""The slices of a run as the report lists them: by feature, the worst of many.

Slices are told apart by the metric that decides. `pipeline.report.forest` draws their intervals.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report import titles
from pipeline.run_result import MetricResult
from schema.features import KINDS, LENGTH_BAND, VOCABULARIES, WIDTH_BAND

SHOWN = 10
"""Of a feature with more values, such as writers, the worst are shown."""

_UNKNOWN = "-"  # stands in a slice's name for an empty value
_ORDER = {value: place for place, value in enumerate((*VOCABULARIES, *KINDS))}


@dataclass(frozen=True)
class Slice:
    """One slice.

    Args:
      value: of the feature, as it is to be printed.
      metric: what was measured on it.
    """

    value: str
    metric: MetricResult


@dataclass(frozen=True)
class SliceGroup:
    """The slices of one feature.

    Args:
      title: of the feature.
      slices: those to show, in their own order or, where some are hidden, the worst first.
      hidden: how many more there are.
    """

    title: str
    slices: tuple[Slice, ...]
    hidden: int


def group_slices(metrics: Sequence[MetricResult], name: str) -> list[SliceGroup]:
    """Groups the slices of one metric by feature.

    A feature with one value is left out, for it says what the metric on all examples does, unless
    only the slice was refused.

    Args:
      metrics: overall and on slices.
      name: of the metric to show.
    """
    by_feature: dict[str, list[tuple[str, MetricResult]]] = {}
    refused_overall = False
    for metric in metrics:
        if metric.name != name:
            continue
        if not metric.slice_name:
            refused_overall = metric.refused
        else:
            feature, _, value = metric.slice_name.partition(": ")
            by_feature.setdefault(feature, []).append((value, metric))
    return [
        _make_group(feature, found)
        for feature, found in by_feature.items()
        if len(found) > 1 or (found[0][1].refused and not refused_overall)
    ]


def _make_group(feature: str, found: list[tuple[str, MetricResult]]) -> SliceGroup:
    if len(found) > SHOWN:
        found = sorted(found, key=lambda pair: (not pair[1].refused, -_harm_at_least(pair[1])))
    else:
        found = sorted(found, key=lambda pair: _natural_order(pair[0]))
    return SliceGroup(
        title=titles.of_feature(feature),
        slices=tuple(Slice(_word(feature, value), metric) for value, metric in found[:SHOWN]),
        hidden=max(0, len(found) - SHOWN),
    )


def _harm_at_least(metric: MetricResult) -> float:
    """Returns how bad the slice certainly is, by the good end of its interval."""
    candidate = metric.candidate
    harm = candidate.lower if metric.lower_is_better else -candidate.upper
    return -math.inf if math.isnan(harm) else harm


def _natural_order(value: str) -> tuple[int, list[str | int]]:
    """Returns a key that puts "8" before "11" and known words into their own order."""
    parts = re.split("([0-9]+)", value)  # words and numbers by turns
    key = [int(part) if place % 2 else part for place, part in enumerate(parts)]
    return _ORDER.get(value, len(_ORDER)), key


def _word(feature: str, value: str) -> str:
    if value == _UNKNOWN:
        return "not known"
    if feature in (LENGTH_BAND, WIDTH_BAND):
        return value.replace("-", "\N{EN DASH}")
    return value
