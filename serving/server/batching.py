"""Dynamic batching: calls of the same signature run together, with bounded queues.

`prediction` hands a prepared call over with `Batcher.submit`, or with `Batcher.run`, which blocks
until the outputs of just this call are there. Threads shared by all models take the queue whose
first call has waited longest. Kinder than TensorFlow Serving: calls whose shapes differ are batched
apart in place of failing, and where a batch fails its halves run again, so that a bad request fails
alone. A batch may be divided among the threads that are free (`batch_pieces`).
"""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serving.server.batch_arrays import concatenate, row_count, split_rows
from serving.server.batch_pieces import divide, extent
from serving.server.batch_settings import BatchSettings
from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Task:
    """A call that waits for its batch; it has no rows where it shares none."""

    servable: Any
    call: SignatureCall
    rows: int
    deadline: float | None
    enqueued: float
    extent: float = 0.0
    result: "futures.Future[list[np.ndarray]]" = field(default_factory=futures.Future)


@dataclass
class _Queue:
    """The waiting calls of one signature of one version, with one shape."""

    tasks: deque[_Task] = field(default_factory=deque)
    rows: int = 0

    def take(self, most: int) -> list[_Task]:
        """Removes and returns the first calls, together of at most so many rows."""
        taken: list[_Task] = []
        rows = 0
        while self.tasks and rows + self.tasks[0].rows <= most:
            task = self.tasks.popleft()
            rows += task.rows
            taken.append(task)
        self.rows -= rows
        return taken


class Batcher:
    """Runs calls in batches; `run` may be called from any thread.

    Args:
      settings: sizes, times and threads.
      observe: gets the rows of each batch and the seconds that its first call waited.
      clock: seconds that never go back; deadlines are told by it.
    """

    def __init__(
        self,
        settings: BatchSettings,
        observe: Callable[[int, float], None] = lambda rows, seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._observe = observe
        self._clock = clock
        self._changed = threading.Condition()  # guards everything below
        self._queues: OrderedDict[Hashable, _Queue] = OrderedDict()
        self._pieces: deque[list[_Task]] = deque()  # of divided batches, to run at once
        self._free = 0  # threads that wait for work
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True)
            for number in range(settings.threads)
        ]
        for thread in self._threads:
            thread.start()

    def run(
        self, servable: Any, call: SignatureCall, deadline: float | None = None
    ) -> list[np.ndarray]:
        """Returns the outputs of a call.

        Raises:
          ServableError: as `submit` and its future; DEADLINE_EXCEEDED where that passes first.
        """
        result = self.submit(servable, call, deadline)
        try:
            return result.result(None if deadline is None else max(deadline - self._clock(), 0.0))
        except futures.TimeoutError:
            if result.cancel():
                raise _late() from None
            # It runs already, and the servable must not be returned before it is done.
            return result.result()

    def submit(
        self, servable: Any, call: SignatureCall, deadline: float | None = None
    ) -> "futures.Future[list[np.ndarray]]":
        """Has a call run; its callbacks run in a thread of the batches.

        Calls without a common first axis run alone.

        Args:
          servable: a loaded version.
          call: what its `prepare` returned.
          deadline: by the clock, after which nobody waits for the answer.

        Returns:
          The outputs to come, or DEADLINE_EXCEEDED, or what the servable raises.

        Raises:
          ServableError: RESOURCE_EXHAUSTED, the queue is full; INVALID_ARGUMENT, the call has more
            rows than a batch; UNAVAILABLE, the server is stopping.
        """
        rows = row_count(call)
        if rows > self._settings.max_batch_size:
            raise ServableError(
                Code.INVALID_ARGUMENT,
                f"Task size {rows} is larger than maximum input batch size "
                f"{self._settings.max_batch_size}",
            )
        size = extent(call) if self._settings.divide and rows else 0.0
        task = _Task(servable, call, rows, deadline, self._clock(), size)
        self._enqueue(task)
        return task.result

    def stop(self, timeout: float | None = None) -> None:
        """Runs what is enqueued and ends the threads; waits so many seconds for each."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout)

    def _enqueue(self, task: _Task) -> None:
        limit = self._settings.max_batch_size * self._settings.max_enqueued_batches
        with self._changed:
            if self._stopping:
                raise ServableError(Code.UNAVAILABLE, "the server is stopping")
            if not task.rows:
                self._pieces.append([task])
                self._changed.notify()
                return
            queue = self._queues.setdefault(self._key(task), _Queue())
            if queue.rows + task.rows > limit:
                raise ServableError(
                    Code.RESOURCE_EXHAUSTED,
                    f"The batch scheduling queue to which this task was submitted is full; "
                    f"currently {queue.rows} rows of {limit}",
                )
            queue.tasks.append(task)
            queue.rows += task.rows
            # A queue that has begun already has a thread that minds its time.
            if len(queue.tasks) == 1 or queue.rows >= self._settings.max_batch_size:
                self._changed.notify()

    def _key(self, task: _Task) -> Hashable:
        """Tells which calls may share a batch."""
        shapes = tuple(
            feed.ndim if self._settings.pad_variable_length else feed.shape[1:]
            for feed in task.call.feeds
        )
        return id(task.servable), task.call.signature, task.call.outputs, shapes

    def _work(self) -> None:
        while (batch := self._next_batch()) is not None:
            now = self._clock()
            live = [task for task in batch if _claim(task, now)]
            if live:
                if rows := sum(task.rows for task in live):
                    self._observe(rows, now - live[0].enqueued)
                self._run(live)

    def _next_batch(self) -> list[_Task] | None:
        """Waits for a batch that is full or old enough, or a piece; None once all work is done."""
        with self._changed:
            while True:
                if self._pieces:
                    return self._pieces.popleft()
                key, wait = self._ripest()
                if key is not None and wait <= 0:
                    queue = self._queues[key]
                    batch = queue.take(self._settings.max_batch_size)
                    if not queue.tasks:
                        del self._queues[key]
                    first, *others = self._divide(batch)
                    self._pieces.extend(others)
                    # Someone else minds what is left.
                    self._changed.notify(len(others) + bool(self._queues))
                    return first
                if self._stopping and key is None:
                    return None
                self._free += 1
                self._changed.wait(wait if key is not None else None)
                self._free -= 1

    def _divide(self, batch: list[_Task]) -> list[list[_Task]]:
        """Returns a piece for this thread and for each free one, or the batch as a whole."""
        if not (self._settings.divide and self._free):
            return [batch]
        sizes = [task.rows for task in batch]
        pieces = divide([task.extent for task in batch], sizes, 1 + self._free)
        return [[batch[number] for number in piece] for piece in pieces]

    def _ripest(self) -> tuple[Hashable | None, float]:
        """Returns the queue to take next and the seconds until it may be taken."""
        now, best, soonest = self._clock(), None, 0.0
        for key, queue in self._queues.items():
            full = queue.rows >= self._settings.max_batch_size or self._stopping
            age = now - queue.tasks[0].enqueued
            # The longest waiting of the ripe ones has the lowest number.
            wait = -age if full else self._settings.timeout_seconds - age
            if best is None or wait < soonest:
                best, soonest = key, wait
        return best, soonest

    def _run(self, tasks: list[_Task]) -> None:
        """Runs calls together; where that fails, each half by itself."""
        try:
            outputs = self._run_together(tasks)
        except Exception as error:  # whatever it is belongs to whoever asked
            if len(tasks) == 1:
                tasks[0].result.set_exception(error)
                return
            half = len(tasks) // 2
            self._run(tasks[:half])
            self._run(tasks[half:])
        else:
            for task, values in zip(tasks, outputs, strict=True):
                task.result.set_result(values)

    def _run_together(self, tasks: list[_Task]) -> list[list[np.ndarray]]:
        first = tasks[0]
        if not first.rows or (
            len(tasks) == 1 and self._settings.padded_size(first.rows) == first.rows
        ):
            return [first.servable.run(first.call)]
        sizes = [task.rows for task in tasks]
        feeds = concatenate([task.call for task in tasks], self._settings.padded_size(sum(sizes)))
        call = SignatureCall(first.call.signature, first.call.inputs, feeds, first.call.outputs)
        return split_rows(first.servable.run(call), sizes, feeds)


def _claim(task: _Task, now: float) -> bool:
    """Tells whether somebody still waits for a call, and ends it where that is too late."""
    if not task.result.set_running_or_notify_cancel():
        return False
    if task.deadline is not None and task.deadline <= now:
        task.result.set_exception(_late())
        return False
    return True


def _late() -> ServableError:
    return ServableError(Code.DEADLINE_EXCEEDED, "the deadline passed before the model answered")
