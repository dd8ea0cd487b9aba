"""Hyperparameters of `mlp`, with the reason for each default."""

from dataclasses import dataclass
from typing import ClassVar

from schema.errors import InputError
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.space import Choice, Range, Space


@dataclass(frozen=True)
class MlpHyperparameters(Hyperparameters):
    """Of the network `mlp` and its training.

    Args:
      dense_units: units of each hidden layer in order.
    """

    network: ClassVar[str] = "mlp"
    space: ClassVar[Space] = {
        "learning_rate": Range(3e-4, 1e-2, log=True),
        "batch_size": Choice((64, 128, 256)),
        "dropout": Range(0.1, 0.6),
        "warmup_share": Choice((0.02, 0.05, 0.1, 0.2)),
        "dense_units": Choice(((256,), (512, 256), (1024, 512))),
    }

    batch_size: int = 128
    learning_rate: float = 1e-3
    dropout: float = 0.3
    dense_units: tuple[int, ...] = (512, 256)

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(units < 1 for units in self.dense_units):
            raise InputError(f"expected dense_units >= 1, got {self.dense_units}: correct them")
