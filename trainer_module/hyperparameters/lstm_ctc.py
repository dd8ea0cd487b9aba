"""Hyperparameters of `lstm_ctc`, with the reason for each default."""

from dataclasses import dataclass
from typing import ClassVar

from schema.errors import InputError
from trainer_module.hyperparameters.lines import LINE_SPACE, LineHyperparameters
from trainer_module.hyperparameters.space import Choice, Space


@dataclass(frozen=True)
class LstmCtcHyperparameters(LineHyperparameters):
    """Of the network `lstm_ctc` and its training.

    Args:
      lstm_units: units of each bidirectional layer and direction.
    """

    network: ClassVar[str] = "lstm_ctc"
    space: ClassVar[Space] = {
        **LINE_SPACE,
        "lstm_units": Choice(((128,), (160,), (224,), (128, 128))),
    }

    lstm_units: tuple[int, ...] = (160,)
    # A search of 30 minutes found these four (benchmarks/results/2026-11-29-tuning.json). A GPU
    # prefers larger batches: docs/training-on-several-machines.md has the rules.
    batch_size: int = 8
    learning_rate: float = 2.1e-3
    warmup_share: float = 0.1
    dropout: float = 0.185

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lstm_units or min(self.lstm_units) < 1:
            raise InputError(
                f"expected at least one LSTM layer of at least one unit, got {self.lstm_units}: "
                "correct lstm_units"
            )
