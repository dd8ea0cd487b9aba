"""Which tracker a training has: named on the command line, made here. Light to import."""

from dataclasses import dataclass
from pathlib import Path

from schema.errors import InputError
from trainer_module.tracking.guarded import Guarded
from trainer_module.tracking.tracker import NoTracker, Tracker

NONE, TENSORBOARD, WANDB, WANDB_ONLINE = "none", "tensorboard", "wandb", "wandb-online"
TRACKERS = (NONE, TENSORBOARD, WANDB, WANDB_ONLINE)

TRACKING_HELP = (
    "none; tensorboard: event files; wandb: a folder for Weights & Biases, written offline, which "
    "`wandb sync` sends later; wandb-online: sent as the training goes, with a key "
    "(WANDB_API_KEY or `wandb login`); default: %(default)s"
)


@dataclass(frozen=True)
class TrackingChoice:
    """A tracker and where it writes.

    Args:
      tracker: one of `TRACKERS`.
      folder: that it keeps its files in; not used by none.
    """

    tracker: str = NONE
    folder: str = ""

    def __post_init__(self) -> None:
        if self.tracker not in TRACKERS:
            raise InputError(
                f"expected a tracker of {', '.join(TRACKERS)}, got {self.tracker!r}: choose one"
            )
        if self.tracker != NONE and not Path(self.folder).is_absolute():
            raise InputError(
                f"expected an absolute folder for {self.tracker}, got {self.folder!r}: resolve it"
            )


def make_tracker(choice: TrackingChoice) -> Tracker:
    """Makes the chosen tracker, whose failures are told in one line and harm no training."""
    if choice.tracker == NONE:
        return NoTracker()
    return Guarded(lambda: _open(choice), choice.tracker)


def _open(choice: TrackingChoice) -> Tracker:
    folder = Path(choice.folder)
    if choice.tracker == TENSORBOARD:
        from trainer_module.tracking.tensorboard import TensorBoardTracker

        return TensorBoardTracker(folder / TENSORBOARD)
    from trainer_module.tracking.weights_and_biases import WandbTracker

    # The client makes a folder "wandb" of its own in it.
    return WandbTracker(folder, online=choice.tracker == WANDB_ONLINE)
