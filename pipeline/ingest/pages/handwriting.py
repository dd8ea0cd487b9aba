"""Running handwriting for generated pages: a simulated writer writes words on a strip.

Below `generated.py`. The hands are those of the embedded sample; here their characters keep
ascenders, descenders and their place on the baseline, and may join.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.ingest.sample.canvas import BASELINE, CANVAS_SIZE, CAP_HEIGHT, Hand
from pipeline.ingest.sample.fonts import INTUITIVE, SHADOWS
from pipeline.ingest.sample.strokes import CURSIVE, PRINT, PRINT_ROMAN, SCRIPT, SCRIPT_BROAD

HANDS: tuple[Hand, ...] = (SHADOWS, INTUITIVE, CURSIVE, SCRIPT, SCRIPT_BROAD, PRINT, PRINT_ROMAN)
"""Those with lower-case letters of their own."""

_VARIANTS = 3  # drawings of a character that a writer takes in turn
_INK = 64  # grey level from which a pixel belongs to the character


@dataclass(frozen=True)
class Strip:
    """A written line by itself.

    Args:
      ink: [height, width], float32 in 0..1.
      baseline: row on which the letters stand.
      text: what is written.
      middles: for each of its characters the column of its middle, rising.
    """

    ink: np.ndarray
    baseline: float
    text: str
    middles: np.ndarray

    def cut(self, width: int) -> "Strip":
        """Returns the left part of the strip, with the text that is on it."""
        kept = int(np.searchsorted(self.middles, width))
        return Strip(
            self.ink[:, :width], self.baseline, self.text[:kept].rstrip(), self.middles[:kept]
        )


class Scribe:
    """One writer with habits drawn once; each line varies around them.

    Args:
      rng: decides everything.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._hand = HANDS[rng.integers(len(HANDS))]
        self._thickness = rng.uniform(3.0, 8.0)
        self._jitter = rng.uniform(0.4, 1.6)
        self._slant = rng.normal(0.15, 0.25)
        self._width = rng.uniform(0.8, 1.5)
        self._gap = rng.uniform(-2.0, 8.0)  # between letters, in pixels of the canvas
        self._space = rng.uniform(18.0, 60.0)  # between words
        self._wobble = rng.uniform(0.0, 3.0)
        self._tails = rng.uniform(1.0, 2.0) if rng.random() < 0.4 else 1.0
        self._drawn: dict[tuple[str, int], np.ndarray] = {}

    def write(self, text: str, cap_height: float) -> Strip:
        """Writes a line.

        Args:
          text: characters that the hands draw, and spaces.
          cap_height: of a capital, in pixels of the strip.
        """
        ink, middles = self._set(text)
        scale = cap_height / CAP_HEIGHT
        height = max(round(ink.shape[0] * scale), 1)
        width = max(round(ink.shape[1] * scale * self._width), 1)
        slant = (self._slant + self._rng.normal(0, 0.03)) / self._width
        lean = abs(slant) * CANVAS_SIZE
        picture = Image.fromarray(ink).transform(
            (round(ink.shape[1] + 2 * lean), ink.shape[0]),
            Image.Transform.AFFINE,
            (1, slant, -lean - slant * BASELINE, 0, 1, 0),
            Image.Resampling.BILINEAR,
        )
        width = max(round(picture.width * scale * self._width), 1)
        small = picture.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
        # The slant moves what is over the baseline to the right: half a capital at its middle.
        moved = middles + lean + slant * CAP_HEIGHT / 2
        placed = moved * width / picture.width
        return Strip(np.asarray(small, np.float32) / 255, BASELINE * scale, text, placed)

    def _set(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Sets characters side by side.

        Returns:
          ink, [CANVAS_SIZE, width], uint8, bright; and each character's middle column, [length].
        """
        placed, middles, right = [], [], 8.0
        for character in text:
            if character == " ":
                space = self._space * self._rng.uniform(0.7, 1.4)
                middles.append(right + space / 2)
                right += space
                continue
            glyph = self._character(character)
            middles.append(right + glyph.shape[1] / 2)
            placed.append((round(right), glyph))
            right = max(right + glyph.shape[1] + self._gap + self._rng.normal(0, 1.0), right + 4)
        strip = np.zeros((CANVAS_SIZE, round(right) + CANVAS_SIZE), np.uint8)
        for left, glyph in placed:
            shift = round(self._rng.normal(0, self._wobble))
            part = strip[:, left : left + glyph.shape[1]]
            np.maximum(part, np.roll(glyph, shift, axis=0), out=part)
        return strip[:, : round(right) + 8], np.maximum.accumulate(middles)

    def _character(self, character: str) -> np.ndarray:
        """Returns one of the writer's drawings, cut to its width."""
        key = character, int(self._rng.integers(_VARIANTS))
        if key not in self._drawn:
            canvas = self._hand.draw(character, self._thickness, self._jitter, self._rng)
            ink = self._stretch_tails(np.asarray(canvas))
            columns = np.flatnonzero(ink.max(axis=0) >= _INK)
            self._drawn[key] = ink[:, columns[0] : columns[-1] + 1] if len(columns) else ink[:, :1]
        return self._drawn[key]

    def _stretch_tails(self, ink: np.ndarray) -> np.ndarray:
        """Lengthens what reaches above small letters or below the baseline."""
        if self._tails == 1.0:
            return ink
        rows = np.arange(CANVAS_SIZE, dtype=np.float64)
        waist = BASELINE - 0.5 * CAP_HEIGHT
        source = np.where(rows < waist, waist - (waist - rows) / self._tails, rows)
        source = np.where(rows > BASELINE, BASELINE + (rows - BASELINE) / self._tails, source)
        return ink[np.rint(source).astype(int)]
