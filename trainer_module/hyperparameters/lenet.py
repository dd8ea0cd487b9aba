"""Hyperparameters of `lenet`, with the reason for each default."""

from dataclasses import dataclass
from typing import ClassVar

from schema.errors import InputError
from trainer_module.hyperparameters.base import ConvBlock, Hyperparameters
from trainer_module.hyperparameters.lines import WIDE_STEM
from trainer_module.hyperparameters.space import Choice, Range, Space


@dataclass(frozen=True)
class LenetHyperparameters(Hyperparameters):
    """Of the network `lenet` and its training.

    Args:
      stem: the convolutions in order. By default those of the line networks, so that a line
        network can be warm-started from a character network.
      dense_units: units of the hidden layer.
    """

    network: ClassVar[str] = "lenet"
    space: ClassVar[Space] = {
        "learning_rate": Range(3e-4, 1e-2, log=True),
        "batch_size": Choice((64, 128, 256)),
        "dropout": Range(0.1, 0.6),
        "warmup_share": Choice((0.02, 0.05, 0.1, 0.2)),
        "dense_units": Choice((128, 256, 512)),
    }

    batch_size: int = 128
    dropout: float = 0.4
    stem: tuple[ConvBlock, ...] = WIDE_STEM
    dense_units: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.stem or self.dense_units < 1:
            raise InputError(
                "expected at least one convolution and dense_units >= 1, got "
                f"{len(self.stem)} and {self.dense_units}: correct them"
            )
