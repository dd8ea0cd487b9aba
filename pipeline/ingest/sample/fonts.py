"""Hands from outline fonts: where their files lie, and their characters as ink.

Beside `strokes.py`, below `writer.py`. The fonts, all under the SIL Open Font License 1.1:
Shadows Into Light (package handwriting-generator), Intuitive (font-intuitive) and Amatic SC
(font-amatic-sc). Each package ships the licence beside its font.
"""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.ingest.sample.canvas import BASELINE, CANVAS_SIZE, CAP_HEIGHT, CENTER
from schema.errors import InputError

_TRIAL_SIZE = 200  # points; large enough that rounding to pixels does not matter


@dataclass(frozen=True)
class OutlineHand:
    """A hand that writes with the outlines of a TrueType font.

    The outlines cannot stray point by point, so `draw` ignores the jitter: the writer's warp
    is what varies them.

    Args:
      distribution: what to install.
      package: the import name of the package that holds the font; it is never imported.
      file: the font's path inside the package.
      sample: the character whose single upright stem tells the thickness of the strokes.
      stretch: how much wider than the font has it the hand writes.
    """

    distribution: str
    package: str
    file: str
    sample: str = "I"
    stretch: float = 1.0

    def draw(
        self, character: str, thickness: float, jitter: float, rng: np.random.Generator
    ) -> Image.Image:
        """See `Hand`. A font's own strokes can be thickened but not thinned."""
        del jitter, rng
        # In half pixels, so that few rasters are made and kept.
        growth = max(0, round(thickness - _natural_thickness(self))) / 2
        return _rasterise(self, character, growth)

    def extent(self, character: str) -> float:
        """See `Hand`."""
        left, top, right, bottom = _ink_box(self, character)
        return max(right - left, bottom - top) - _natural_thickness(self)


SHADOWS = OutlineHand(
    "handwriting-generator", "handwriting_generator", "fonts/ShadowsIntoLight.ttf", sample="l"
)
INTUITIVE = OutlineHand("font-intuitive", "font_intuitive", "files/Intuitive.ttf")
# Amatic SC draws lower case as small capitals: take it for capitals, digits and punctuation only.
# It is far narrower than anybody writes single letters, hence the stretch.
AMATIC = OutlineHand("font-amatic-sc", "font_amatic_sc", "files/AmaticSC-Regular.ttf", stretch=1.5)
AMATIC_BOLD = OutlineHand(
    "font-amatic-sc", "font_amatic_sc", "files/AmaticSC-Bold.ttf", stretch=1.5
)


def locate(hand: OutlineHand) -> Path:
    """Returns the path of the font, found without importing its package.

    Raises:
      InputError: the package is not installed, or a version of it lacks the font.
    """
    spec = importlib.util.find_spec(hand.package)
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / hand.file
        if path.is_file():
            return path
    raise InputError(
        f"expected the font {hand.file} of the package {hand.distribution}, got none installed: "
        f"install it with pip install --force-reinstall {hand.distribution}"
    )


@cache
def _load(hand: OutlineHand) -> ImageFont.FreeTypeFont:
    """Returns the font in the size that gives its capitals the canvas's cap height."""
    path = str(locate(hand))
    # Basic layout: shaping adds nothing to single characters and depends on how Pillow was built.
    trial = ImageFont.truetype(path, _TRIAL_SIZE, layout_engine=ImageFont.Layout.BASIC)
    _, top, _, bottom = trial.getbbox("H", anchor="ls")
    size = _TRIAL_SIZE * CAP_HEIGHT / (bottom - top)
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _rasterise(hand: OutlineHand, character: str, growth: float) -> Image.Image:
    """Returns the character with its outline moved outwards by `growth` pixels."""
    image = Image.new("L", (CANVAS_SIZE, CANVAS_SIZE))
    ImageDraw.Draw(image).text(
        (CENTER, BASELINE), character, 255, _load(hand), anchor="ms", stroke_width=growth
    )
    widen = (1 / hand.stretch, 0, CENTER - CENTER / hand.stretch, 0, 1, 0)
    return image.transform(image.size, Image.Transform.AFFINE, widen, Image.Resampling.BILINEAR)


def _ink_box(hand: OutlineHand, character: str) -> tuple[int, int, int, int]:
    box = _rasterise(hand, character, 0).getbbox()
    if box is None:
        raise InputError(
            f"expected the font {hand.file} to draw {character!r}, got no ink: "
            f"install the version of {hand.distribution} that the lock file names"
        )
    return box


@cache
def _natural_thickness(hand: OutlineHand) -> float:
    """Returns how thick the font's strokes are, in pixels, measured at half a capital's height."""
    row = np.asarray(_rasterise(hand, hand.sample, 0))[BASELINE - CAP_HEIGHT // 2]
    return float(row.sum() / 255)
