"""The sheet that every hand writes a character on, before it is warped and scaled down.

Below `fonts.py` and `strokes.py`: with one cap height and one base line for all fonts, a writer
treats outlines and strokes alike.
"""

from typing import Protocol

import numpy as np
from PIL import Image

CANVAS_SIZE = 128  # pixels; the widest letter, slanted and turned, stays inside
CAP_HEIGHT = 52  # pixels; over twice the final size, so that scaling down smooths
BASELINE = 84  # pixels from the top
CENTER = CANVAS_SIZE / 2


class Hand(Protocol):
    """One way to form characters, before any writer's own habits."""

    def draw(
        self, character: str, thickness: float, jitter: float, rng: np.random.Generator
    ) -> Image.Image:
        """Writes a character.

        Args:
          character: one character of the sample's classes.
          thickness: of the strokes, in pixels.
          jitter: how far points of a stroke stray, in pixels.
          rng: where the straying comes from.

        Returns:
          a greyscale image of CANVAS_SIZE squared, ink 255 on 0.
        """

    def extent(self, character: str) -> float:
        """Returns the longer side of the character without its stroke's thickness, in pixels."""
