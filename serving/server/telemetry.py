"""What the server measures of itself: one record for each request, in metrics and access log.

`grpc_service` and `rest_api` open a `Record` for each request, `prediction` fills it, and closing
it feeds the metrics. Besides TensorFlow Serving's metrics there are two with the version as a
label, `..._by_version`. Only models that exist become labels: clients may ask for any name, and
each label value costs memory.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from serving.server.metrics import (
    COUNT_BUCKETS,
    LATENCY_BUCKETS,
    Counter,
    Histogram,
    exposition,
)
from serving.server.status import Code

GRPC, REST = "GRPC", "REST"
"""The entry points, as metrics call them."""

_MICROSECONDS = 1e6
_SERVING = ":tensorflow:serving:"


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
    seconds: float = 0.0


class Telemetry:
    """All metrics of a server.

    Args:
      log: gets each closed record, for the access log.
    """

    def __init__(self, log: Callable[[Record], None] | None = None) -> None:
        self._log = log
        self.requests = Counter(
            f"{_SERVING}request_count", "The total number of requests.", ["model_name", "status"]
        )
        self.requests_by_version = Counter(
            f"{_SERVING}request_count_by_version",
            "The total number of requests.",
            ["model_name", "version", "status"],
        )
        self.latency = Histogram(
            f"{_SERVING}request_latency",
            "Distribution of wall time (in microseconds) for requests.",
            ["model_name", "API", "entrypoint"],
            LATENCY_BUCKETS,
        )
        self.latency_by_version = Histogram(
            f"{_SERVING}request_latency_by_version",
            "Distribution of wall time (in microseconds) for requests.",
            ["model_name", "version", "API", "entrypoint"],
            LATENCY_BUCKETS,
        )
        self.runtime = Histogram(
            f"{_SERVING}runtime_latency",
            "Distribution of wall time (in microseconds) of the model.",
            ["model_name", "API", "runtime"],
            LATENCY_BUCKETS,
        )
        self.examples = Histogram(
            f"{_SERVING}request_example_counts",
            "The number of examples per request.",
            ["model"],
            COUNT_BUCKETS,
        )
        self.examples_total = Counter(
            f"{_SERVING}request_example_count_total", "The total number of examples.", ["model"]
        )
        self.warmup = Histogram(
            f"{_SERVING}model_warmup_latency",
            "Distribution of wall time (in microseconds) for warming up the model.",
            ["model_path", "status"],
            LATENCY_BUCKETS,
        )
        self.loads = Counter(
            ":tensorflow:cc:saved_model:load_attempt_count",
            "The number of times a model was tried to be loaded.",
            ["model_path", "status"],
        )
        self.load_latency = Counter(
            ":tensorflow:cc:saved_model:load_latency",
            "Time (in microseconds) for models that were loaded.",
            ["model_path"],
        )
        self.batch_sizes = Histogram(
            f"{_SERVING}batching_session:processed_batch_size",
            "Rows in each batch before padding.",
            [],
            COUNT_BUCKETS,
        )
        self.queuing = Histogram(
            f"{_SERVING}batching_session:queuing_latency",
            "Distribution of wall time (in microseconds) that a batch's first call waited.",
            [],
            LATENCY_BUCKETS,
        )
        self.logged = Counter(
            f"{_SERVING}request_log_count",
            "The total number of sampled requests: written, dropped or failed.",
            ["model_name", "status"],
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
