"""What windows are counted by, and how much of them is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.monitor.bins import Bins
from serving.monitor.reference import Reference

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class ObserveSettings:
    """How logs become windows.

    Args:
      bins: feature -> its bins; counts are made for these.
      usual: feature -> int64 [bins], counts of clean requests; oddness is made of them.
      words: of the training texts; empty where not known.
      low_confidence: below it a reading is unsure; None where not known.
      span_seconds: of a window, which begins at a multiple of it since 1970, UTC.
      seed: of what is drawn.
      sampled: requests drawn with their pictures.
      shown: the unsurest and oddest to keep, of each so many.
      sampled_rows: requests drawn with their numbers alone.
      most_bytes: of the pictures that are kept of each window, for each of the three purposes.
      now: seconds since 1970; later times are told as impossible. 0 where nobody looks.
    """

    bins: Mapping[str, Bins] = field(default_factory=dict)
    usual: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    low_confidence: float | None = None
    span_seconds: int = DAY
    seed: int = 0
    sampled: int = 500
    shown: int = 24
    sampled_rows: int = 2000
    most_bytes: int = 32 << 20
    now: int = 0

    def __post_init__(self) -> None:
        if self.span_seconds < 1:
            raise ValueError(f"expected a span of at least a second, got {self.span_seconds}")

    @classmethod
    def of(cls, reference: Reference | None, **changes: Any) -> "ObserveSettings":
        """Makes the settings that a reference asks for; `changes` are the other fields."""
        if reference is None:
            return cls(**changes)
        return cls(
            bins=reference.bins,
            usual=reference.totals,
            words=reference.words,
            low_confidence=reference.low_confidence,
            **changes,
        )
