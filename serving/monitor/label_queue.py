"""The queue of requests that people are to label: the most uncertain and the most drifted ones.

`queue_command` fills it from logs; the labelling application reads it, and hands each entry's
`origin` on to the span that it exports (`pipeline.ingest.spans`), so that a label leads back to the
request. A folder:

    queue.jsonl           an entry a line, in the order of queueing; lines are only ever added
    pictures/AB/ABCD....  the picture as it was sent, named by its SHA-256

A picture is on the disk before its line is, and a line before `add` returns. A process that is
killed leaves at most a torn last line, which readers pass over and the next writer ends.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from schema.errors import InputError
from serving.monitor.logged_request import MeasuredRequest
from serving.whole_file import write_whole

UNCERTAIN, DRIFTED = "uncertain", "drifted"
"""Why a request is queued: the model was unsure, or the picture is unlike those it learned from."""

_LINES, _PICTURES, _LOCK = "queue.jsonl", "pictures", ".lock"


@dataclass(frozen=True)
class Origin:
    """The request that a picture came in with.

    Args:
      model: its name.
      version: that answered; None where the log does not tell it.
      timestamp: when, seconds since 1970 in UTC; 0 where not known.
      file: log file that holds it.
      offset: of the record, in bytes.
      row: of the picture within the request.
    """

    model: str
    version: int | None
    timestamp: int
    file: str
    offset: int
    row: int


@dataclass(frozen=True)
class QueuedLine:
    """A picture that waits for its label.

    Args:
      picture: SHA-256 of its bytes, hexadecimal: the entry's id.
      reading: what the model read; "" where the log does not tell it.
      confidence: the model's, 0..1; None where the log does not tell it.
      why: `UNCERTAIN` or `DRIFTED`.
      rank: its place among those that were queued for the same reason at the same time, from 0:
        the most uncertain or the most drifted.
      queued: when, ISO 8601 in UTC.
      origin: the request.
    """

    picture: str
    reading: str
    confidence: float | None
    why: str
    rank: int
    queued: str
    origin: Origin


class LabelQueue:
    """A queue on the disk. Several processes may add to it and read it.

    Args:
      folder: made by the first `add`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def picture_path(self, picture: str) -> Path:
        """Returns where a picture lies."""
        return self.folder / _PICTURES / picture[:2] / picture

    def add(self, requests: Iterable[MeasuredRequest], why: str) -> int:
        """Adds requests, the most urgent first; a picture that was ever queued is passed over.

        Args:
          requests: with their pictures.
          why: `UNCERTAIN` or `DRIFTED`.

        Returns:
          how many were added.

        Raises:
          InputError: the folder cannot be written; what was added before stays.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._alone():
                known = {line.picture for line in self.read()}
                added = 0
                for rank, measured in enumerate(requests):
                    line = _line(measured, why, rank)
                    if line.picture not in known:
                        write_whole(self.picture_path(line.picture), measured.request.image)
                        self._append(line)
                        known.add(line.picture)
                        added += 1
                return added
        except OSError as error:
            raise InputError(
                f"expected to write to the queue in {self.folder}, got {error.strerror} "
                f"({error.filename}): give a folder with room that may be written"
            ) from None

    def read(self) -> Iterator[QueuedLine]:
        """Yields the entries in the order of queueing; none where there is no queue yet.

        Raises:
          InputError: a line other than a torn last one is no entry, which is named.
        """
        path = self.folder / _LINES
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return
        # What follows the last line end was torn by a crash.
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            if line == _TORN or not line:
                continue
            try:
                yield _entry(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                if line.endswith(_TORN):
                    continue
                raise InputError(
                    f"expected an entry of the queue, got {type(error).__name__} ({error}) in "
                    f"line {number} of {path}: restore the file, or remove that line"
                ) from None

    def _append(self, line: QueuedLine) -> None:
        content = json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n"
        with (self.folder / _LINES).open("ab+") as file:
            if file.tell() and not _ends_a_line(file):
                content = _TORN + b"\n" + content
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds a lock of the operating system's: a killed process leaves none behind."""
        with (self.folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


_TORN = b"\x00"
"""Ends a line that a crash has torn; no JSON text holds it."""


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _line(measured: MeasuredRequest, why: str, rank: int) -> QueuedLine:
    request = measured.request
    return QueuedLine(
        picture=hashlib.sha256(request.image).hexdigest(),
        reading=request.reading or "",
        confidence=request.confidence,
        why=why,
        rank=rank,
        queued=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        origin=Origin(
            model=request.model,
            version=request.version,
            timestamp=request.timestamp,
            file=request.record.file,
            offset=request.record.offset,
            row=request.record.row,
        ),
    )


def _entry(content: dict[str, Any]) -> QueuedLine:
    return QueuedLine(**{**content, "origin": Origin(**content["origin"])})
