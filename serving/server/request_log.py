"""The request log: a sample of requests and answers as TFRecords of PredictionLog.

`prediction` offers each answered request; a model's LoggingConfig says what share is kept and
where. Messages are made and written in a background thread, so that a request neither waits for the
disk nor fails with it. Files are bounded in size and number; a file that could not be written to
its end is cut back to its last whole record.
"""

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from serving.server.background_writer import BackgroundWriter
from serving.server.model_config import LogSettings

SUFFIX = ".tfrecord"


@dataclass(frozen=True)
class Rotation:
    """How much of a log is kept.

    Args:
      max_bytes: a file that has grown to this is closed and the next one begun.
      max_files: the oldest files beyond this number are deleted.
    """

    max_bytes: int = 64 << 20
    max_files: int = 32


@dataclass(frozen=True)
class Sampled:
    """A request that was drawn.

    Args:
      model: its name.
      settings: of its log.
      make: makes the PredictionLog.
    """

    model: str
    settings: LogSettings
    make: Callable[[], Any]


class RequestLog:
    """Draws requests and writes them.

    Args:
      count: gets the model and `written`, `dropped` or `failed` for each drawn request.
      rotation: how much is kept.
      draw: returns a number from 0 to 1.
    """

    def __init__(
        self,
        count: Callable[[str, str], None],
        rotation: Rotation = Rotation(),
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._rotation = rotation
        self._draw = draw
        self._count = count
        self._files: dict[str, RecordFiles] = {}
        self._writer: BackgroundWriter[Sampled] | None = None
        self._starting = threading.Lock()

    def offer(self, model: str, settings: LogSettings | None, make: Callable[[], Any]) -> None:
        """Takes an answered request, if it is drawn.

        Args:
          model: its name.
          settings: of the model's log; None for none.
          make: makes the PredictionLog; called in the writing thread.
        """
        if settings is None or not settings.rate or self._draw() >= settings.rate:
            return
        with self._starting:
            if self._writer is None:
                self._writer = BackgroundWriter(self._write, self._told, name="request log")
        self._writer.put(Sampled(model, settings, make))

    def stop(self, timeout: float | None = None) -> None:
        """Writes what waits and closes the files."""
        if self._writer is not None:
            self._writer.stop(timeout)
        for files in self._files.values():
            files.close()

    def _told(self, sampled: Sampled, outcome: str) -> None:
        self._count(sampled.model, outcome)

    def _write(self, sampled: Sampled) -> None:
        prefix = sampled.settings.prefix
        files = self._files.setdefault(prefix, RecordFiles(prefix, self._rotation))
        log = sampled.make()
        log.log_metadata.sampling_config.sampling_rate = sampled.settings.rate
        log.log_metadata.timestamp_secs = int(time.time())
        files.write(log.SerializeToString())


class RecordFiles:
    """TFRecord files `PREFIX-20260131T235959-0001.tfrecord`, one after the other.

    Args:
      prefix: a path and the beginning of the name.
      rotation: how much is kept.
    """

    def __init__(self, prefix: str, rotation: Rotation) -> None:
        self._prefix = prefix
        self._rotation = rotation
        self._writer: Any = None
        self._path = Path()
        self._whole = 0  # bytes of the records that are known to be complete
        self._number = 0

    def write(self, record: bytes) -> None:
        """Appends a record.

        Raises:
          OSError: it cannot be written; the next record begins another file.
        """
        import tensorflow as tf

        if self._writer is None:
            self._open()
        try:
            self._writer.write(record)
            self._writer.flush()
            self._whole = self._path.stat().st_size
        except (tf.errors.OpError, OSError) as error:
            self._cut_back()
            raise OSError(f"{self._path}: {error}") from error
        if self._whole >= self._rotation.max_bytes:
            self.close()

    def close(self) -> None:
        """Closes the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> None:
        import tensorflow as tf

        folder = Path(self._prefix).parent
        folder.mkdir(parents=True, exist_ok=True)
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        while True:
            self._number += 1
            self._path = Path(f"{self._prefix}-{stamp}-{self._number:04d}{SUFFIX}")
            if not self._path.exists():
                break
        try:
            self._writer = tf.io.TFRecordWriter(str(self._path))
        except tf.errors.OpError as error:
            raise OSError(f"{self._path}: {error.message}") from error
        self._whole = 0
        self._delete_oldest(folder)

    def _delete_oldest(self, folder: Path) -> None:
        name = Path(self._prefix).name
        files = sorted(folder.glob(f"{_literal(name)}-*{SUFFIX}"))
        for old in files[: -self._rotation.max_files]:
            old.unlink(missing_ok=True)

    def _cut_back(self) -> None:
        """Gives the file up; no reader shall stumble over half a record."""
        import tensorflow as tf

        writer, self._writer = self._writer, None
        with contextlib.suppress(tf.errors.OpError, OSError):
            writer.close()
        with contextlib.suppress(OSError):
            if self._whole:
                os.truncate(self._path, self._whole)
            else:
                self._path.unlink()


def _literal(name: str) -> str:
    """Returns a pattern that matches a name as it is."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
