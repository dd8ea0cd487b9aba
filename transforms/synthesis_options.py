"""How glyphs are set into a line; apart from `synthesis.py`, so that configuration stays light."""

from dataclasses import dataclass

from schema.errors import InputError
from schema.features import GLYPH_SIDE


@dataclass(frozen=True)
class SynthesisOptions:
    """The spread from which each line draws.

    Args:
      min_overlap: least share of a glyph's width that its neighbour covers, 0..max_overlap.
      max_overlap: largest such share, below 1. The default range is that of EMNIST Lines in the
        Full Stack Deep Learning course.
      baseline_drift: largest distance in pixels that a glyph may wander off the line.
    """

    min_overlap: float = 0.0
    max_overlap: float = 0.33
    baseline_drift: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_overlap <= self.max_overlap < 1.0:
            raise InputError(
                "expected 0 <= min_overlap <= max_overlap < 1, got "
                f"min_overlap={self.min_overlap}, max_overlap={self.max_overlap}: correct them"
            )
        if not 0.0 <= self.baseline_drift <= GLYPH_SIDE / 4:
            raise InputError(
                f"expected a baseline_drift of 0 to {GLYPH_SIDE // 4} pixels, "
                f"got {self.baseline_drift}: correct it"
            )
