"""Measured requests -> the profile of their window, one after the other and in parts that merge.

The arithmetic under the Beam pipeline of `windows`, which is thin; whoever has the requests at hand
calls `profile_of`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schema import features
from serving.monitor.bins import Bins
from serving.monitor.drawing import draw
from serving.monitor.logged_request import MeasuredRequest
from serving.monitor.moments import NO_VALUES, Moments
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile import IMPOSSIBLE_TIME, WindowProfile
from serving.monitor.smallest import Smallest

MOST_CATEGORIES = 500
"""Categories of a feature that a profile tells apart."""
FIRST_TIME = int(datetime(2015, 1, 1, tzinfo=timezone.utc).timestamp())
"""Before TensorFlow there were no logs of it."""

_BATCH = 256  # requests that are counted together, which NumPy does in the time of three
_SLACK = 3600  # seconds that clocks of servers may be ahead of ours
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UNKNOWN = -1

WindowKey = tuple[str, int, int]
"""Model, version (-1 where not known), number of the window since 1970."""


def window_key(measured: MeasuredRequest, settings: ObserveSettings) -> WindowKey:
    """Returns the window that a request belongs to."""
    request = measured.request
    version = _UNKNOWN if request.version is None else request.version
    return request.model, version, request.timestamp // settings.span_seconds


@dataclass
class Part:
    """What is known of a part of a window's requests; `Accumulator` fills it."""

    sampled: Smallest[MeasuredRequest]
    unsurest: Smallest[MeasuredRequest]
    oddest: Smallest[MeasuredRequest]
    rows: Smallest[dict[str, float]]
    requests: int = 0
    estimated: float = 0.0
    first: int = 0
    last: int = 0
    unsure: int = 0
    judged: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    counts: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    numbers: dict[str, Moments] = field(default_factory=dict)
    categories: dict[str, Counter[str]] = field(default_factory=dict)
    pending: list[MeasuredRequest] = field(default_factory=list)


class Accumulator:
    """Adds requests up.

    Args:
      settings: what to count and keep.
    """

    def __init__(self, settings: ObserveSettings) -> None:
        self._settings = settings
        self._surprise = {
            name: _surprise(counts, settings.bins[name]) for name, counts in settings.usual.items()
        }

    def begin(self) -> Part:
        """Returns a part without requests."""
        settings = self._settings
        return Part(
            sampled=Smallest(settings.sampled, settings.most_bytes),
            unsurest=Smallest(settings.shown, settings.most_bytes),
            oddest=Smallest(settings.shown, settings.most_bytes),
            rows=Smallest(settings.sampled_rows, settings.most_bytes),
            counts={name: np.zeros(len(bins), np.int64) for name, bins in settings.bins.items()},
        )

    def add(self, part: Part, measured: MeasuredRequest) -> None:
        """Adds a request to a part."""
        part.pending.append(measured)
        if len(part.pending) >= _BATCH:
            self.settle(part)

    def merge(self, part: Part, other: Part) -> None:
        """Adds what another part holds."""
        self.settle(part)
        self.settle(other)
        if not other.requests:
            return
        part.first = min(part.first, other.first) if part.requests else other.first
        part.last = max(part.last, other.last)
        part.requests += other.requests
        part.estimated += other.estimated
        part.unsure += other.unsure
        part.judged += other.judged
        part.kinds += other.kinds
        part.problems += other.problems
        for name, counts in other.counts.items():
            part.counts[name] = part.counts[name] + counts
        for name, moments in other.numbers.items():
            part.numbers[name] = part.numbers.get(name, NO_VALUES).merge(moments)
        for name, categories in other.categories.items():
            part.categories.setdefault(name, Counter()).update(categories)
        part.sampled.merge(other.sampled)
        part.unsurest.merge(other.unsurest)
        part.oddest.merge(other.oddest)
        part.rows.merge(other.rows)

    def settle(self, part: Part) -> None:
        """Counts the requests that wait to be counted together."""
        batch, part.pending = part.pending, []
        if not batch:
            return
        times = [measured.request.timestamp for measured in batch]
        part.first = min(times) if not part.requests else min(part.first, *times)
        part.last = max(part.last, *times)
        part.requests += len(batch)
        part.estimated += sum(1 / measured.request.sampling_rate for measured in batch)
        part.kinds.update(each.request.kind for each in batch if each.request.kind)
        part.problems.update(problem for each in batch for problem in each.problems)
        part.problems.update(
            IMPOSSIBLE_TIME for time in times if _is_impossible(time, self._settings.now)
        )
        oddness = self._count(part, batch)
        for measured, odd in zip(batch, oddness.tolist(), strict=True):
            self._keep(part, measured, odd)

    def profile(self, part: Part, key: WindowKey) -> WindowProfile:
        """Returns the profile of a window whose parts have been merged into one."""
        self.settle(part)
        model, version, number = key
        start = _time(number * self._settings.span_seconds)
        rows = part.rows.items()
        return WindowProfile(
            model=model,
            version=None if version == _UNKNOWN else version,
            kind=part.kinds.most_common(1)[0][0] if part.kinds else None,
            window_start=start,
            window_end=start + timedelta(seconds=self._settings.span_seconds),
            first=_time(part.first),
            last=_time(part.last),
            requests=part.requests,
            estimated_requests=part.estimated,
            counts=part.counts,
            numbers={
                name: moments.summary(part.requests - moments.values)
                for name, moments in sorted(part.numbers.items())
            },
            categories={
                name: _most_frequent(counts) for name, counts in sorted(part.categories.items())
            },
            unsure=part.unsure,
            judged=part.judged,
            problems=dict(part.problems),
            sampled=part.sampled.items(),
            unsurest=part.unsurest.items(),
            oddest=part.oddest.items(),
            sampled_numbers={
                name: np.array([row.get(name, np.nan) for row in rows])
                for name in sorted(part.numbers)
            },
        )

    def _count(self, part: Part, batch: list[MeasuredRequest]) -> NDArray[np.float64]:
        """Counts each feature; returns how odd each request is, in bits, float64 [len(batch)]."""
        bits, told = np.zeros(len(batch)), np.zeros(len(batch))
        for name in {name for measured in batch for name in measured.values}:
            having = [row for row, each in enumerate(batch) if name in each.values]
            values: list[Any] = [batch[row].values[name] for row in having]
            bins = self._settings.bins.get(name)
            if isinstance(values[0], tuple):
                flat = [value for several in values for value in several]
                part.categories.setdefault(name, Counter()).update(flat)
                if bins and flat:
                    part.counts[name] = part.counts[name] + bins.count(flat)
                continue
            if isinstance(values[0], str):
                part.categories.setdefault(name, Counter()).update(values)
            else:
                part.numbers[name] = part.numbers.get(name, NO_VALUES).add(np.array(values, float))
            if bins:
                places = bins.place(values)
                added = np.bincount(places, minlength=len(bins))
                part.counts[name] = part.counts[name] + added
                if name in self._surprise:
                    bits[having] += self._surprise[name][places]
                    told[having] += 1
        return bits / np.maximum(told, 1)

    def _keep(self, part: Part, measured: MeasuredRequest, odd: float) -> None:
        """Keeps a request where it is drawn, unsure or odd."""
        confidence, mark = measured.request.confidence, self._settings.low_confidence
        drawn = draw(measured.request.record, self._settings.seed)
        readable = features.IMAGE_HEIGHT in measured.values
        size = len(measured.request.image)
        if part.rows.wants((0.0, drawn)):
            part.rows.add((0.0, drawn), _numbers(measured))
        if readable:
            part.sampled.add((0.0, drawn), measured, size)
        if confidence is not None:
            part.judged += 1
            part.unsure += mark is not None and confidence < mark
            if readable:
                part.unsurest.add((confidence, drawn), measured, size)
        if readable and odd > 0:
            part.oddest.add((-odd, drawn), measured, size)


def profile_of(requests: Iterable[MeasuredRequest], settings: ObserveSettings) -> WindowProfile:
    """Returns the profile of requests that all belong to one version and window.

    Raises:
      ValueError: there are none, or they belong to several.
    """
    accumulator = Accumulator(settings)
    part = accumulator.begin()
    keys = set()
    for measured in requests:
        keys.add(window_key(measured, settings))
        accumulator.add(part, measured)
    if len(keys) != 1:
        raise ValueError(f"expected requests of one version and window, got {len(keys)} of them")
    return accumulator.profile(part, keys.pop())


def _surprise(counts: NDArray[np.int64], bins: Bins) -> NDArray[np.float64]:
    """Returns the surprise of each bin in bits, float64 [bins], by Laplace's rule of succession."""
    return -np.log2((counts + 1) / (counts.sum() + len(bins)))


def _numbers(measured: MeasuredRequest) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in measured.values.items()
        if not isinstance(value, str | tuple)
    }


def _most_frequent(counts: Counter[str]) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    kept = dict(ordered[:MOST_CATEGORIES])
    if others := sum(count for _, count in ordered[MOST_CATEGORIES:]):
        kept[""] = others
    return kept


def _is_impossible(timestamp: int, now: int) -> bool:
    return timestamp < FIRST_TIME or (now > 0 and timestamp > now + _SLACK)


def _time(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
