"""The access log: one JSON object a line for each request, written beside the requests.

`telemetry` hands over each closed record. Field names are plain; `model`, `version` and
`signature` are what was effectively asked.
"""

import json
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from serving.server.background_writer import BackgroundWriter
from serving.server.telemetry import Record

STANDARD_OUTPUT = "-"
"""As a path: standard output."""


class AccessLog:
    """Appends to a file.

    Args:
      path: of the file, or `STANDARD_OUTPUT`.

    Raises:
      OSError: the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._file: IO[str] = _open(path)
        self._writer: BackgroundWriter[Record] = BackgroundWriter(self._write, name="access log")

    def __call__(self, record: Record) -> None:
        """Takes a closed record."""
        self._writer.put(record)

    def stop(self, timeout: float | None = None) -> None:
        """Writes what waits."""
        self._writer.stop(timeout)

    def _write(self, record: Record) -> None:
        self._file.write(access_line(record, time.time()) + "\n")
        self._file.flush()


def access_line(record: Record, now: float) -> str:
    """Returns the JSON of a record.

    Args:
      record: a closed one.
      now: seconds since 1970.
    """
    fields = {
        "time": datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds"),
        "entrypoint": record.entrypoint,
        "api": record.api,
        "peer": record.peer,
        "model": record.model,
        "version": record.version,
        "signature": record.signature,
        "status": record.code.name,
        "error": record.message,
        "milliseconds": round(record.seconds * 1e3, 3),
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
    }
    return json.dumps(fields, ensure_ascii=False)


def _open(path: str) -> IO[str]:
    if path == STANDARD_OUTPUT:
        return open(1, "w", encoding="utf-8", errors="replace", closefd=False)
    return Path(path).open("a", encoding="utf-8", errors="replace")
