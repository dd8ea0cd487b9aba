"""What every network's record has: the schedule of its training."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from schema.errors import InputError
from trainer_module.hyperparameters.space import Space

FLOAT32, BFLOAT16, FLOAT16 = "float32", "mixed_bfloat16", "mixed_float16"
PRECISIONS = (FLOAT32, BFLOAT16, FLOAT16)
"""Keras' names of what networks compute in; weights and losses are float32 in all of them."""

_Record = TypeVar("_Record", bound="Hyperparameters")


@dataclass(frozen=True)
class ConvBlock:
    """A convolution, batch normalisation and ReLU; strides in pixels of its input."""

    filters: int
    kernel: int = 3
    stride_y: int = 1
    stride_x: int = 1

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if getattr(self, field.name) < 1:
                raise InputError(
                    f"expected {field.name} >= 1 in a convolution, "
                    f"got {getattr(self, field.name)}: correct it"
                )


@dataclass(frozen=True)
class Hyperparameters:
    """Of the training of any network.

    Args:
      batch_size: examples a step over all replicas.
      learning_rate: peak of the schedule: linear warm-up, then cosine decay to 0.
      warmup_share: share of the steps that warm up.
      clip_norm: global gradient norm above which gradients are scaled down.
      patience: epochs without a better validation error after which training stops.
      dropout: share of features dropped.
      precision: one of `PRECISIONS`. The mixed ones pay on GPUs from compute capability 7
        (float16) or 8 (bfloat16), and cost on CPUs.
      xla: whether XLA compiles the network.

    Beside them: `network`, its name, and `space`, what a search varies unless told otherwise.
    """

    network: ClassVar[str]
    space: ClassVar[Space]

    batch_size: int = 32
    learning_rate: float = 3e-3
    warmup_share: float = 0.05
    clip_norm: float = 1.0
    patience: int = 5
    dropout: float = 0.2
    precision: str = FLOAT32
    xla: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise InputError(f"expected 0 <= dropout < 1, got {self.dropout}: correct it")
        if not 0 <= self.warmup_share < 1:
            raise InputError(f"expected 0 <= warmup_share < 1, got {self.warmup_share}: correct it")
        if self.precision not in PRECISIONS:
            raise InputError(
                f"expected a precision of {', '.join(PRECISIONS)}, got {self.precision}: choose one"
            )
        for name in ("batch_size", "learning_rate", "clip_norm", "patience"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"expected {name} > 0, got {getattr(self, name)}: correct it")

    @classmethod
    def from_dict(cls: type[_Record], fields: dict[str, Any]) -> _Record:
        """Builds the record from what `dataclasses.asdict` and JSON made of it."""
        return cls(**{name: _restore(value) for name, value in fields.items()})


def _restore(value: Any) -> Any:
    """Turns lists back to tuples, and the fields of convolutions to records."""
    if isinstance(value, list | tuple):
        return tuple(ConvBlock(**each) if isinstance(each, dict) else each for each in value)
    return value
