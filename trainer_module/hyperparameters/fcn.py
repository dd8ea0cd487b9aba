"""Hyperparameters of `fcn`, with the reason for each default."""

from dataclasses import dataclass
from typing import ClassVar

from schema.errors import InputError
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.space import Choice, Range, Space


@dataclass(frozen=True)
class FcnHyperparameters(Hyperparameters):
    """Of the network `fcn` and its training.

    Args:
      batch_size: crops a step; four of 512 pixels a side take a third of a second on 2 CPU cores.
      patience: epochs without a better validation error after which training stops; with a few
        validation pages that error is coarse, so the default waits long.
      stem_width: features at half the picture's resolution.
      widths: features at a quarter of it, an eighth and so on. The deepest level of the four by
        default sees 32 pixels as one, so that word gaps are small to it.
      convolutions: at each level on the way down.
      crop: side in pixels of what is cut out of a page to train on; a multiple of 64.
      crops_of_page: crops that an epoch cuts out of each page.
      max_turn: radians by which a crop is turned at most; scans are seldom turned further.
      max_zoom: factor by which a crop is enlarged or reduced at most.
    """

    network: ClassVar[str] = "fcn"
    space: ClassVar[Space] = {
        "learning_rate": Range(1e-3, 1e-2, log=True),
        "batch_size": Choice((2, 4, 8)),
        "dropout": Range(0.0, 0.3),
        "stem_width": Choice((8, 16, 24)),
        "convolutions": Choice((1, 2, 3)),
        "max_turn": Range(0.01, 0.1),
        "max_zoom": Range(1.1, 1.8),
    }

    batch_size: int = 4
    patience: int = 20
    dropout: float = 0.1
    stem_width: int = 16
    widths: tuple[int, ...] = (32, 48, 64, 96)
    convolutions: int = 2
    crop: int = 512
    crops_of_page: int = 3
    max_turn: float = 0.05
    max_zoom: float = 1.4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.widths or min((*self.widths, self.stem_width)) < 1:
            raise InputError(
                f"expected widths of at least 1, got {self.stem_width} and {self.widths}: "
                "correct them"
            )
        for name in ("convolutions", "crops_of_page", "max_zoom"):
            if getattr(self, name) < 1:
                raise InputError(f"expected {name} >= 1, got {getattr(self, name)}: correct it")
        if self.crop < 64 or self.crop % 64:
            raise InputError(f"expected a crop of a multiple of 64, got {self.crop}: correct it")
        if not 0 <= self.max_turn <= 0.5:
            raise InputError(f"expected 0 <= max_turn <= 0.5, got {self.max_turn}: correct it")
