"""Keeps a tracker's failures away from the training: one line tells, and tracking ends."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from trainer_module.history import Epoch
from trainer_module.tracking.tracker import ExampleReading, NoTracker, TrackedRun, Tracker


def tell(line: str) -> None:
    """Writes one line to standard error, above progress bars."""
    tqdm.write(f"tracking: {line}", file=sys.stderr)


class Guarded:
    """A tracker that is left out from its first failure on.

    Args:
      make: makes it; called when the training begins, since that may fail as well.
      name: of the tracker, for the line.
    """

    def __init__(self, make: Callable[[], Tracker], name: str) -> None:
        self._make, self._name = make, name
        self._tracker: Tracker = NoTracker()

    def start(self, run: TrackedRun) -> None:
        """Makes the tracker and begins."""

        def begin() -> None:
            self._tracker = self._make()
            self._tracker.start(run)

        self._try(begin)

    def epoch(self, epoch: Epoch, readings: Sequence[ExampleReading]) -> None:
        """Passes an epoch on."""
        self._try(lambda: self._tracker.epoch(epoch, readings))

    def model(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Passes the model on."""
        self._try(lambda: self._tracker.model(folder, facts))

    def end(self, failed: bool = False) -> None:
        """Ends, once."""
        self._try(lambda: self._tracker.end(failed))
        self._tracker = NoTracker()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # whatever it is: the training is worth more
            first = (str(error).splitlines() or [""])[0]
            tell(f"{self._name} fails ({type(error).__name__}: {first}); training goes on without")
            self._tracker = NoTracker()
