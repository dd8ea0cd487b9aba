"""How long to search and with how many workers, on each command line that searches."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from schema.errors import InputError
from trainer_module.tracking.choice import NONE, TRACKERS, TRACKING_HELP, TrackingChoice

TRACKING_FOLDER = "tracking"
"""In the folder of all searches: what trackers keep."""


@dataclass(frozen=True)
class Limits:
    """How long to search, and with how many workers; not part of what is searched.

    Args:
      trials: after which none begins; None for one round of Hyperband, 20 of others.
      minutes: after which the search stops, earlier sessions included; None for no limit.
      parallel: workers, each with a GPU or a share of the processors.
    """

    trials: int | None = None
    minutes: float | None = None
    parallel: int = 1

    def __post_init__(self) -> None:
        for name in ("trials", "minutes", "parallel"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"expected --{name} above 0, got {value}: correct it")


def add_search_limits(parser: argparse._ActionsContainer) -> None:
    """Adds --trials and --minutes."""
    parser.add_argument(
        "--trials",
        type=int,
        help="trials after which the search ends (default: one round of hyperband, 20 of others)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        help="time after which the search ends; what is unfinished goes on with more of it",
    )


def add_parallel(parser: argparse._ActionsContainer) -> None:
    """Adds --parallel."""
    parser.add_argument(
        "--parallel",
        type=int,
        default=1,
        help="trainings at once, each on a free GPU or a share of the processors "
        "(default: %(default)s)",
    )


def add_tracking(parser: argparse._ActionsContainer) -> None:
    """Adds --track."""
    parser.add_argument("--track", choices=TRACKERS, default=NONE, help=TRACKING_HELP)


def read_tracking(tracker: str, folder: Path) -> TrackingChoice:
    """Returns what `--track` chose.

    Args:
      tracker: its value.
      folder: holds the folders of all searches, and what trackers keep.
    """
    return TrackingChoice(tracker, "" if tracker == NONE else str(folder / TRACKING_FOLDER))
