"""Exports a span in the background: many pictures take longer than a page may."""

import threading
from dataclasses import dataclass
from pathlib import Path

from labeling.export_span import export_span
from labeling.store import Store
from schema.errors import InputError


@dataclass(frozen=True)
class Progress:
    """What an export has come to.

    Args:
      running: whether it goes on.
      done: what was written, "" where nothing was.
      problem: why not, "" where it was.
    """

    running: bool = False
    done: str = ""
    problem: str = ""


class Exporter:
    """Runs one export at a time.

    Args:
      store: that holds the labels.
      root: the folder of all spans.
    """

    def __init__(self, store: Store, root: Path) -> None:
        self._store = store
        self._root = root
        self._starting = threading.Lock()
        self.progress = Progress()
        """Of the last export."""

    def start(self, who: str, number: int | None) -> None:
        """Begins an export unless one runs; see `export_span`."""
        with self._starting:
            if self.progress.running:
                return
            self.progress = Progress(running=True)
        # Not a daemon: a stop waits for the span, which would otherwise be begun in vain.
        threading.Thread(target=self._run, args=(who, number), name="export").start()

    def _run(self, who: str, number: int | None) -> None:
        try:
            span, count = export_span(self._store, self._root, who, number)
        except InputError as error:
            self.progress = Progress(problem=str(error))
        except BaseException as error:
            self.progress = Progress(problem=f"{type(error).__name__}: {error}")
            raise
        else:
            lines = "1 line is" if count == 1 else f"{count:,} lines are"
            self.progress = Progress(done=f"{lines} in {span.path}")
