"""What a training tells whoever tracks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trainer_module.history import Epoch


@dataclass(frozen=True)
class TrackedRun:
    """A training, as trackers name and file it.

    Args:
      name: of this training.
      group: what it belongs to: the run of the pipeline, or a search.
      tags: words to find it by, lineage ids among them, as in "examples 12".
      config: all that decides it, nested.
      error_name: what the validation error is called, as in "CER".
      data: what is known of the examples: source, span, fingerprint. Never the examples.
    """

    name: str
    group: str = ""
    tags: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    error_name: str = "error"
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExampleReading:
    """An example of the validation split as the network reads it now.

    Args:
      picture: uint8 [h, w], ink dark on paper.
      truth: what is written.
      reading: what the network makes of it.
    """

    picture: npt.NDArray[np.uint8]
    truth: str
    reading: str


class Tracker(Protocol):
    """Keeps what a training tells. Its methods are called in this order."""

    def start(self, run: TrackedRun) -> None:
        """A training begins, or goes on where it was interrupted."""

    def epoch(self, epoch: Epoch, readings: Sequence[ExampleReading]) -> None:
        """An epoch has ended; one of before an interruption comes without readings."""

    def model(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """The servable model has been written.

        Args:
          folder: holds it.
          facts: what it costs and where it comes from.
        """

    def end(self, failed: bool = False) -> None:
        """Nothing more will be told."""


class NoTracker:
    """Keeps nothing."""

    def start(self, run: TrackedRun) -> None:
        """Does nothing."""

    def epoch(self, epoch: Epoch, readings: Sequence[ExampleReading]) -> None:
        """Does nothing."""

    def model(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Does nothing."""

    def end(self, failed: bool = False) -> None:
        """Does nothing."""
