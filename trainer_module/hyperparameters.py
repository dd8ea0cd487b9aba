"""What is chosen before training, as frozen records with the reason for each default."""

import math
from dataclasses import dataclass
from typing import Any

from schema.errors import InputError


@dataclass(frozen=True)
class ConvBlock:
    """A convolution, batch normalisation and ReLU; strides in pixels of its input."""

    filters: int
    kernel: int = 3
    stride_y: int = 1
    stride_x: int = 1


WIDE_STEM = (
    ConvBlock(32, kernel=5, stride_y=2, stride_x=2),
    ConvBlock(64, stride_y=2, stride_x=2),
    ConvBlock(96, stride_y=2, stride_x=2),
)
"""A frame for 8 columns, a third of a glyph: 60 to 90 lines a second on 2 CPU cores."""

NARROW_STEM = (*WIDE_STEM[:2], ConvBlock(96, stride_y=2))
"""A frame for 4 columns, for writing whose characters are narrower than a glyph."""


@dataclass(frozen=True)
class LstmCtcHyperparameters:
    """Of the network `lstm_ctc` and its training.

    Args:
      stem: the convolutions in order; their horizontal strides multiply to `stride`.
      lstm_units: units of each bidirectional layer and direction.
      dropout: share of features dropped before and after each recurrent layer.
      batch_size: lines a step over all replicas.
      learning_rate: peak of the schedule: linear warm-up, then cosine decay to 0.
      warmup_share: share of the steps that warm up.
      clip_norm: global gradient norm above which gradients are scaled down.
      patience: epochs without a better validation CER after which training stops.
    """

    stem: tuple[ConvBlock, ...] = WIDE_STEM
    lstm_units: tuple[int, ...] = (96,)
    dropout: float = 0.2
    batch_size: int = 32
    learning_rate: float = 3e-3
    warmup_share: float = 0.05
    clip_norm: float = 1.0
    patience: int = 5

    def __post_init__(self) -> None:
        if not self.stem or not self.lstm_units:
            raise InputError("expected at least one convolution and one LSTM layer: add them")
        if not 0 <= self.dropout < 1:
            raise InputError(f"expected 0 <= dropout < 1, got {self.dropout}: correct it")
        for name in ("batch_size", "learning_rate", "clip_norm", "patience"):
            if getattr(self, name) <= 0:
                raise InputError(f"expected {name} > 0, got {getattr(self, name)}: correct it")

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "LstmCtcHyperparameters":
        """Builds the record from what `dataclasses.asdict` and JSON made of it."""
        stem = tuple(ConvBlock(**block) for block in fields["stem"])
        return cls(**(fields | {"stem": stem, "lstm_units": tuple(fields["lstm_units"])}))

    @property
    def stride(self) -> int:
        """Pixels of the line a frame stands for."""
        return math.prod(block.stride_x for block in self.stem)
