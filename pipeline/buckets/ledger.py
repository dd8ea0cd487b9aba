"""What was transferred between a folder and a bucket, so that it need not be again.

One file of JSON lines, to which each transfer adds one at once: who is interrupted, even killed,
begins again where it stopped.
"""

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pipeline.buckets.bucket import StoredObject
from serving.whole_file import write_whole


class Entry(NamedTuple):
    """An object and the file that holds the same.

    Args:
      stamp: of the object, as `StoredObject.stamp`.
      size: of both, in bytes.
      modified: the file's time, in nanoseconds.
    """

    stamp: str
    size: int
    modified: int


class Ledger:
    """The entries of a file, by the objects' names; several threads may note some at once.

    Args:
      path: of the file; it and its folder are made when something is noted.

    Raises:
      OSError: it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self.entries: dict[str, Entry] = {}
        lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
        for line in lines:
            self._take(line)
        if len(lines) != len(self.entries):  # replaced ones, or half a line of a killed process
            self._save()

    def agrees(self, stored: StoredObject, file: os.stat_result) -> bool:
        """Whether object and file are those that were noted."""
        entry = self.entries.get(stored.name)
        return entry == (stored.stamp, file.st_size, file.st_mtime_ns) and (
            stored.size == file.st_size
        )

    def note(self, name: str, stamp: str, file: os.stat_result) -> None:
        """Notes that an object and a file hold the same."""
        entry = Entry(stamp, file.st_size, file.st_mtime_ns)
        with self._writing:
            self.entries[name] = entry
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as ledger:
                ledger.write(_line(name, entry))

    def forget(self, names: Iterable[str]) -> None:
        """Takes out what is no longer there."""
        gone = [name for name in names if self.entries.pop(name, None) is not None]
        if gone:
            self._save()

    def _take(self, line: bytes) -> None:
        try:
            name, *entry = json.loads(line)
            self.entries[name] = Entry(*entry)
        except (ValueError, TypeError):
            return  # what it told of is transferred once more

    def _save(self) -> None:
        lines = (_line(name, entry) for name, entry in self.entries.items())
        write_whole(self._path, b"".join(lines))


def _line(name: str, entry: Entry) -> bytes:
    return json.dumps([name, *entry]).encode() + b"\n"
