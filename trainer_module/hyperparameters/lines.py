"""What the hyperparameters of the line networks have in common."""

import math
from dataclasses import dataclass

from schema.errors import InputError
from trainer_module.hyperparameters.base import ConvBlock, Hyperparameters
from trainer_module.hyperparameters.space import Choice, Range, Space
from transforms.decoding_options import DecodingOptions

WIDE_STEM = (
    ConvBlock(32, kernel=5, stride_y=2, stride_x=2),
    ConvBlock(64, stride_y=2, stride_x=2),
    ConvBlock(96, stride_y=2, stride_x=2),
    ConvBlock(128),
)
"""A frame for 8 columns, a third of a glyph: a stem at full resolution costs more than all else."""

NARROW_STEM = (*WIDE_STEM[:2], ConvBlock(96, stride_y=2), ConvBlock(128))
"""A frame for 4 columns, for writing whose characters are narrower than a glyph."""


LINE_SPACE: Space = {
    "learning_rate": Range(1e-3, 1e-2, log=True),
    "batch_size": Choice((8, 16, 32, 64)),
    "dropout": Range(0.0, 0.4),
    "warmup_share": Choice((0.02, 0.05, 0.1, 0.2)),
    "clip_norm": Choice((0.5, 1.0, 2.0, 5.0)),
}
"""What a search varies in any line network.

A factor of three to either side of the first defaults. The stem is not among it: half its stride
doubles the time of a step, and no search at equal examples would weigh that.
"""


@dataclass(frozen=True)
class LineHyperparameters(Hyperparameters, DecodingOptions):
    """Of any network that reads lines with CTC, and of the decoder that reads its frames.

    Args:
      stem: the convolutions in order; their horizontal strides multiply to `stride`.
      fresh_lines: whether lines made of glyphs are made of other ones in each epoch.
      litert: whether a LiteRT model is made as well, and a difference of the two an error.
    """

    stem: tuple[ConvBlock, ...] = WIDE_STEM
    fresh_lines: bool = True
    litert: bool = False

    def __post_init__(self) -> None:
        Hyperparameters.__post_init__(self)
        DecodingOptions.__post_init__(self)
        if not self.stem:
            raise InputError("expected at least one convolution in the stem: add one")

    @property
    def stride(self) -> int:
        """Pixels of the line a frame stands for."""
        return math.prod(block.stride_x for block in self.stem)
