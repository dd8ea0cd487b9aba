"""Hyperparameters of `line_cnn`, with the reason for each default."""

from dataclasses import dataclass
from typing import ClassVar

from schema.errors import InputError
from trainer_module.hyperparameters.lines import LINE_SPACE, LineHyperparameters
from trainer_module.hyperparameters.space import Choice, Space


@dataclass(frozen=True)
class LineCnnHyperparameters(LineHyperparameters):
    """Of the network `line_cnn` and its training.

    Args:
      filters: features of a frame in the context blocks.
      kernel: frames that each of their convolutions sees.
      dilations: one residual block each; together they see `1 + (kernel - 1) * sum(dilations)`
        frames: by default 61, about 20 glyphs, which is most of a word to either side.
    """

    network: ClassVar[str] = "line_cnn"
    space: ClassVar[Space] = {
        **LINE_SPACE,
        "filters": Choice((128, 192, 256)),
        "kernel": Choice((3, 5, 7)),
        "dilations": Choice(((1, 2, 4, 1), (1, 2, 4, 1, 2, 4, 1), (1, 2, 4, 8, 1, 2, 4))),
    }

    filters: int = 192
    kernel: int = 5
    dilations: tuple[int, ...] = (1, 2, 4, 1, 2, 4, 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.filters < 1 or self.kernel < 1 or self.kernel % 2 == 0:
            raise InputError(
                f"expected filters >= 1 and an odd kernel, got filters={self.filters}, "
                f"kernel={self.kernel}: correct them"
            )
        if any(dilation < 1 for dilation in self.dilations):
            raise InputError(f"expected dilations >= 1, got {self.dilations}: correct them")
