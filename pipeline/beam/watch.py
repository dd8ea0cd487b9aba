"""Beam's runners for job endpoints, with an eye on the worker pool while a job of theirs runs.

`options.py` names them where a pool starts the workers. Beam's job service does not notice a worker
that was lost before its first bundle, nor a pool that hangs: the job would wait for ever. Here it
is cancelled, and the run ends in one line.
"""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent import futures
from typing import Any

from apache_beam.options.pipeline_options import DebugOptions, PipelineOptions, PortableOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.flink_runner import FlinkRunner
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.runners.portability.spark_runner import SparkRunner
from apache_beam.runners.runner import PipelineResult

from pipeline.beam.failures import tell_lost
from pipeline.beam.losses import JOB_PREFIX, PoolWatch, open_channel

LOOK_SECONDS = 2.0
"""Between two looks."""
GRACE_SECONDS = 10.0
"""For a job to end by itself once a worker is lost: the worker's end may be that of the job, or the
job service may have better words for it."""
_CANCEL_SECONDS = 10.0


class WatchedResult(PipelineResult):
    """A job's result, whose wait ends when workers are lost.

    Args:
      result: Beam's.
      watch: of the pool that the job's environment names.
    """

    def __init__(self, result: PipelineResult, watch: PoolWatch) -> None:
        super().__init__(None)
        self._result = result
        self._watch = watch

    @property
    def state(self) -> str:
        """Returns the job's state, as Beam names it."""
        return str(self._result.state)

    def metrics(self) -> Any:
        """Returns the job's metrics."""
        return self._result.metrics()

    def cancel(self) -> None:
        """Cancels the job."""
        self._result.cancel()

    def wait_until_finish(self, duration: int | None = None) -> str:
        """Waits for the job's end; returns its state.

        Args:
          duration: at most so many milliseconds; None: without bound.

        Raises:
          InputError: workers were lost; the job is cancelled.
        """
        job = _in_background(lambda: self._result.wait_until_finish(duration))
        lost_since: float | None = None
        while not futures.wait([job], LOOK_SECONDS).done:
            lost = self._watch.look()
            now = time.monotonic()
            lost_since = (lost_since or now) if lost else None
            if lost_since is not None and now - lost_since >= GRACE_SECONDS:
                # A job service that hangs as well shall not keep us.
                cancelled = _in_background(self._result.cancel)
                futures.wait([job, cancelled], _CANCEL_SECONDS, futures.ALL_COMPLETED)
                raise tell_lost("; ".join(lost))
        return str(job.result())


def _in_background(call: Callable[[], Any]) -> "futures.Future[Any]":
    """Calls in a thread that the end of the process does not wait for."""
    future: futures.Future[Any] = futures.Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # handed on to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


class _Watched(PortableRunner):
    """Names the job to the pools, and watches them."""

    def run_portable_pipeline(
        self, pipeline: beam_runner_api_pb2.Pipeline, options: PipelineOptions
    ) -> WatchedResult:
        job = uuid.uuid4().hex
        options.view_as(DebugOptions).add_experiment(f"{JOB_PREFIX}{job}")
        address = options.view_as(PortableOptions).environment_config
        watch = PoolWatch(address, open_channel(address), job)
        return WatchedResult(super().run_portable_pipeline(pipeline, options), watch)


class WatchedPortableRunner(_Watched):
    """Of any job endpoint."""


class WatchedFlinkRunner(_Watched, FlinkRunner):
    """Of Flink."""


class WatchedSparkRunner(_Watched, SparkRunner):
    """Of Spark."""
