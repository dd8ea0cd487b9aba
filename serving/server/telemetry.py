"""What the server measures of itself: one record for each request, in metrics and access log.

`grpc_service` and `rest_api` open a `Record` for each request, `prediction` fills it, and closing
it feeds the metrics. Besides TensorFlow Serving's metrics there are two with the version as a
label, `..._by_version`. Only models that exist become labels: clients may ask for any name, and
each label value costs memory.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from serving.server.metrics import (
    COUNT_BUCKETS,
    LATENCY_BUCKETS,
    Counter,
    Histogram,
    exposition,
)
from serving.server.request_validation import Oddity
from serving.server.status import Code

GRPC, REST = "GRPC", "REST"
"""The entry points, as metrics call them."""

_MICROSECONDS = 1e6
_SERVING = "/tensorflow/serving/"


@dataclass
class Record:
    """One request: what it asked for, what became of it.

    Args:
      entrypoint: `GRPC` or `REST`.
      api: such as `Predict`.
      peer: the client's address.
      started: by `time.perf_counter`.
    """

    entrypoint: str
    api: str = ""
    peer: str = ""
    started: float = field(default_factory=time.perf_counter)
    model: str = ""
    signature: str = ""
    version: int | None = None
    code: Code = Code.OK
    message: str = ""
    examples: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    oddities: tuple[Oddity, ...] = ()
    seconds: float = 0.0


class Telemetry:
    """All metrics of a server.

    Args:
      log: gets each closed record, for the access log.
    """

    def __init__(self, log: Callable[[Record], None] | None = None) -> None:
        self._log = log
        by_model, by_version = ("model_name",), ("model_name", "version")
        entry = ("API", "entrypoint")
        requests, times = "The total number of requests.", "wall time (in microseconds)"
        self.requests = _counter("request_count", requests, *by_model, "status")
        self.requests_by_version = _counter(
            "request_count_by_version", requests, *by_version, "status"
        )
        told = f"Distribution of {times} for requests."
        self.latency = _histogram("request_latency", told, *by_model, *entry)
        self.latency_by_version = _histogram(
            "request_latency_by_version", told, *by_version, *entry
        )
        self.runtime = _histogram(
            "runtime_latency", f"Distribution of {times} of the model.", *by_model, "API", "runtime"
        )
        self.examples = _histogram(
            "request_example_counts", "Examples per request.", "model", bounds=COUNT_BUCKETS
        )
        self.examples_total = _counter(
            "request_example_count_total", "The total number of examples.", "model"
        )
        self.warmup = _histogram(
            "model_warmup_latency", f"Distribution of {times} to warm up.", "model_path", "status"
        )
        self.batch_sizes = _histogram(
            "batching_session/processed_batch_size", "Rows of a batch.", bounds=COUNT_BUCKETS
        )
        self.queuing = _histogram(
            "batching_session/queuing_latency",
            f"Distribution of {times} that a batch's first call waited.",
        )
        self.logged = _counter(
            "request_log_count", "Sampled requests, and what became of them.", *by_model, "status"
        )
        self.oddities = _counter(
            "request_oddity_count",
            "Pictures whose feature is far from the reference.",
            *by_model,
            "feature",
        )
        path = "/tensorflow/cc/saved_model/"
        self.loads = _counter(
            "load_attempt_count", "Attempts to load a model.", "model_path", "status", path=path
        )
        self.load_latency = _counter(
            "load_latency", "Microseconds that loading took.", "model_path", path=path
        )

    def text(self) -> bytes:
        """Returns the Prometheus text of all metrics."""
        return exposition(
            [metric for metric in vars(self).values() if isinstance(metric, Counter | Histogram)]
        )

    def observe_batch(self, rows: int, seconds: float) -> None:
        """Takes the rows of a batch and the time that its first call waited."""
        self.batch_sizes.add((), rows)
        self.queuing.add((), seconds * _MICROSECONDS)

    def observe_load(self, path: str, code: Code, seconds: float) -> None:
        """Takes an attempt to load a model."""
        self.loads.add((path, code.name))
        if code == Code.OK:
            self.load_latency.add((path,), round(seconds * _MICROSECONDS))

    def observe_warmup(self, path: str, code: Code, seconds: float) -> None:
        """Takes a replay of warm-up requests."""
        self.warmup.add((path, code.name), seconds * _MICROSECONDS)

    def observe_run(self, record: Record, runtime: str, seconds: float) -> None:
        """Takes a run of the model, batched or not, for a request."""
        self.runtime.add((record.model, record.api, runtime), seconds * _MICROSECONDS)

    def observe_oddities(self, record: Record) -> None:
        """Takes what was found odd of a request's pictures."""
        for oddity in record.oddities:
            self.oddities.add((record.model, oddity.feature))

    def close(self, record: Record) -> None:
        """Ends a request."""
        record.seconds = time.perf_counter() - record.started
        if record.version is not None and record.api:
            self._count(record, str(record.version))
        if self._log is not None:
            self._log(record)

    def _count(self, record: Record, version: str) -> None:
        model, status = record.model, record.code.name
        self.requests.add((model, status))
        self.requests_by_version.add((model, version, status))
        microseconds = record.seconds * _MICROSECONDS
        self.latency.add((model, record.api, record.entrypoint), microseconds)
        self.latency_by_version.add((model, version, record.api, record.entrypoint), microseconds)
        if record.examples:
            self.examples.add((model,), record.examples)
            self.examples_total.add((model,), record.examples)


def _counter(name: str, help_text: str, *labels: str, path: str = _SERVING) -> Counter:
    return Counter(_exported(path + name), help_text, labels)


def _histogram(
    name: str, help_text: str, *labels: str, bounds: Sequence[float] = LATENCY_BUCKETS
) -> Histogram:
    return Histogram(_exported(_SERVING + name), help_text, labels, bounds)


def _exported(name: str) -> str:
    """Returns the name that Prometheus reads: it knows no slashes."""
    return name.replace("/", ":")
