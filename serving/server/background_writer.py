"""Writes records in a thread of its own: whoever hands one over never waits and never fails.

Under `request_log` and `access_log`. The queue is bounded; what does not fit is dropped and
counted.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")
_COMPLAINT_SECONDS = 60.0

_log = logging.getLogger(__name__)


class BackgroundWriter(Generic[_T]):
    """A thread that writes.

    Args:
      write: writes one record; what it raises is told in the log, at most once a minute, and
        counted.
      count: gets `written`, `dropped` or `failed` with each record.
      capacity: records that may wait.
      name: of what is written, for the log.
    """

    def __init__(
        self,
        write: Callable[[_T], None],
        count: Callable[[_T, str], None] = lambda record, outcome: None,
        capacity: int = 1000,
        name: str = "log",
    ) -> None:
        self._write = write
        self._count = count
        self._name = name
        self._queue: queue.Queue[_T | None] = queue.Queue(capacity)
        self._complaints = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def put(self, record: _T) -> None:
        """Hands a record over, or drops it where too many wait."""
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._count(record, "dropped")

    def stop(self, timeout: float | None = None) -> None:
        """Writes what waits and ends the thread."""
        try:
            self._queue.put(None, timeout=timeout)
        except queue.Full:
            _log.warning("%s: the writer is stuck; records that wait are lost", self._name)
            return
        self._thread.join(timeout)

    def _work(self) -> None:
        while (record := self._queue.get()) is not None:
            try:
                self._write(record)
            except Exception as error:  # whatever it is, the next record shall be written
                self._complain(error)
                self._count(record, "failed")
            else:
                self._count(record, "written")

    def _complain(self, error: Exception) -> None:
        if not self._complaints.is_set():
            self._complaints.set()
            _log.error("%s: cannot write: %s: %s", self._name, type(error).__name__, error)
            timer = threading.Timer(_COMPLAINT_SECONDS, self._complaints.clear)
            timer.daemon = True
            timer.start()
