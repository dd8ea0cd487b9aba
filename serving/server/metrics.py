"""Counters, gauges and histograms, and their Prometheus text.

`telemetry` feeds the server's, under TensorFlow Serving's names, `serving.monitor.metrics` the
monitor's. The server's names follow the original's rule: slashes become colons, so
`/tensorflow/serving/request_count` is `:tensorflow:serving:request_count`. No TensorFlow.
"""

import bisect
import math
import threading
from collections.abc import Sequence

CONTENT_TYPE = "text/plain; version=0.0.4"

LATENCY_BUCKETS = tuple(10 * 1.8**power for power in range(33))
"""Upper bounds in microseconds, from 10 to about 20 minutes."""

COUNT_BUCKETS = tuple(float(2**power) for power in range(15))


class Counter:
    """A number that grows, for each combination of labels."""

    kind = "counter"

    def __init__(self, name: str, help_text: str, labels: Sequence[str]) -> None:
        self.name, self.help, self.labels = name, help_text, tuple(labels)
        self._lock = threading.Lock()
        self._values: dict[tuple[str, ...], float] = {}

    def add(self, labels: tuple[str, ...], amount: float = 1) -> None:
        """Adds to the number of these label values."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + amount

    def value(self, *labels: str) -> float:
        """Returns the number of these label values."""
        with self._lock:
            return self._values.get(labels, 0)

    def lines(self) -> list[str]:
        """Returns the samples as text."""
        with self._lock:
            values = dict(self._values)
        return [
            f"{self.name}{_labels(self.labels, key)} {_number(value)}"
            for key, value in values.items()
        ]


class Gauge(Counter):
    """A number that rises and falls, for each combination of labels."""

    kind = "gauge"

    def set(self, labels: tuple[str, ...], value: float) -> None:
        """Takes the number of these label values."""
        with self._lock:
            self._values[labels] = value


class Histogram:
    """How often a value fell under each bound, for each combination of labels."""

    kind = "histogram"

    def __init__(
        self, name: str, help_text: str, labels: Sequence[str], bounds: Sequence[float]
    ) -> None:
        self.name, self.help, self.labels = name, help_text, tuple(labels)
        self._bounds = tuple(bounds)
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def add(self, labels: tuple[str, ...], value: float) -> None:
        """Adds a value to the histogram of these label values."""
        bucket = bisect.bisect_left(self._bounds, value)
        with self._lock:
            if labels not in self._counts:
                self._counts[labels] = [0] * (len(self._bounds) + 1)
                self._sums[labels] = 0.0
            self._counts[labels][bucket] += 1
            self._sums[labels] += value

    def lines(self) -> list[str]:
        """Returns the samples as text; buckets are cumulative."""
        with self._lock:
            told = {key: (list(counts), self._sums[key]) for key, counts in self._counts.items()}
        made = []
        names = (*self.labels, "le")
        for key, (counts, total) in told.items():
            below = 0
            for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
                below += count
                le = _labels(names, (*key, _number(bound)))
                made.append(f"{self.name}_bucket{le} {below}")
            made.append(f"{self.name}_sum{_labels(self.labels, key)} {_number(total)}")
            made.append(f"{self.name}_count{_labels(self.labels, key)} {below}")
        return made


def exposition(metrics: Sequence[Counter | Histogram]) -> bytes:
    """Returns the Prometheus text of metrics, those without samples left out."""
    parts = []
    for metric in metrics:
        lines = metric.lines()
        if lines:
            # The original gives the metric's name without its first colon as help text; ours
            # says what it is.
            parts += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
            parts += lines
    return ("\n".join(parts) + "\n").encode()


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    pairs = (f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    if not math.isfinite(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    return str(int(value)) if value == int(value) else repr(value)
