"""Numbers that describe a picture of handwriting, for statistics, skew and drift to see.

TFDV sees nothing inside image bytes. Ingestion and monitoring use this one function.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ImageFacts:
    """What can be told of a picture without reading it.

    Args:
      height, width: in pixels.
      aspect: width over height.
      ink_ratio: share of the pixels on the ink's side of mid-grey, 0..0.5.
      brightness_mean, brightness_deviation: of the pixels, 0..255.
      sharpness: mean step in brightness between neighbours in a row, 0..255.
    """

    height: int
    width: int
    aspect: float
    ink_ratio: float
    brightness_mean: float
    brightness_deviation: float
    sharpness: float


def measure_image(image: np.ndarray) -> ImageFacts:
    """Measures a picture, uint8 [height, width], not empty, of either polarity."""
    # Whole numbers, exact and several times faster than passes over floats.
    counts = np.bincount(image.ravel(), minlength=256)  # [256], pixels of each brightness
    levels = np.arange(256)
    total, squares = int(counts @ levels), int(counts @ levels**2)
    bright = float(counts[128:].sum() / image.size)
    left, right = image[:, :-1], image[:, 1:]
    steps = np.maximum(left, right) - np.minimum(left, right)  # stays within uint8
    return ImageFacts(
        height=image.shape[0],
        width=image.shape[1],
        aspect=image.shape[1] / image.shape[0],
        # Most of a picture is paper, whichever of the two is the bright one.
        ink_ratio=min(bright, 1.0 - bright),
        brightness_mean=total / image.size,
        brightness_deviation=math.sqrt(image.size * squares - total**2) / image.size,
        sharpness=float(steps.mean(dtype=np.float64)) if steps.size else 0.0,
    )
