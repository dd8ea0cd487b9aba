"""Hyperparameters of `mlp`, with the reason for each default."""

from dataclasses import dataclass
from typing import ClassVar

from schema.errors import InputError
from trainer_module.hyperparameters.base import Hyperparameters


@dataclass(frozen=True)
class MlpHyperparameters(Hyperparameters):
    """Of the network `mlp` and its training.

    Args:
      dense_units: units of each hidden layer in order.
    """

    network: ClassVar[str] = "mlp"

    batch_size: int = 128
    learning_rate: float = 1e-3
    dropout: float = 0.3
    dense_units: tuple[int, ...] = (512, 256)

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(units < 1 for units in self.dense_units):
            raise InputError(f"expected dense_units >= 1, got {self.dense_units}: correct them")
