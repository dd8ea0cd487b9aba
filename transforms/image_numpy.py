"""The normalisation of `transforms.image` without TensorFlow, for clients on small machines.

Used around a LiteRT model, which takes normalised lines. Pixels differ from TensorFlow's by a
grey level or two, for Pillow rounds colours and JPEG otherwise; tests hold them together.
"""

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from schema.errors import InputError

LINE_HEIGHT = 28
MIN_CONTRAST = 0.5
MAX_LINE_WIDTH = 8192
"""All three as in `transforms.image`; a test holds them equal."""

MAX_PIXELS = 32_000_000
"""Of a picture. A photograph has fewer; a small file that claims to have more would fill memory:
reading takes up to 16 bytes a pixel."""

_WIDE_GREYS = ("I;16", "I;16L", "I;16B", "I")


def decode_image(
    image_bytes: bytes, name: str, formats: tuple[str, ...] = ("PNG", "JPEG")
) -> np.ndarray:
    """Decodes one picture to greyscale; transparency is ignored.

    Args:
      image_bytes: PNG or JPEG.
      name: says in messages which picture is meant.
      formats: that are taken, by Pillow's names.

    Returns:
      uint8 [height, width].

    Raises:
      InputError: no picture, a broken one, or one of more than `MAX_PIXELS`.
    """
    try:
        with Image.open(io.BytesIO(image_bytes), formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            image.draft("L", image.size)  # of a JPEG its luma, as TensorFlow takes it
            if image.mode in _WIDE_GREYS:
                return (np.asarray(image) // 256).astype(np.uint8)
            straight = image.mode in ("1", "L", "LA", "RGB")
            return np.asarray((image if straight else image.convert("RGB")).convert("L"))
    except Image.DecompressionBombError:
        raise InputError(
            f"expected a picture of at most {MAX_PIXELS} pixels, got more in {name}: "
            "make it smaller"
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise InputError(
            f"expected a PNG or JPEG picture, got something else in {name} "
            f"({type(error).__name__}): convert it"
        ) from None


def normalise_contrast(grey: np.ndarray) -> np.ndarray:
    """Stretches contrast and makes ink bright: float32 in 0..255, any shape -> 0..1, the same."""
    darkest, brightest = grey.min(), grey.max()
    if brightest - darkest < MIN_CONTRAST:
        return np.zeros_like(grey)
    stretched = (grey - darkest) / (brightest - darkest)
    return 1.0 - stretched if stretched.mean() > 0.5 else stretched


def normalise_line(image: np.ndarray) -> np.ndarray:
    """Brings the picture of a line to the network's height, contrast and polarity.

    Args:
      image: uint8 [height, width], any size, either polarity.

    Returns:
      float32 [LINE_HEIGHT, new width] in 0..1, the aspect ratio kept.
    """
    height, width = image.shape
    new_width = min(max(round(width * LINE_HEIGHT / height), 1), MAX_LINE_WIDTH)
    grey = Image.fromarray(image.astype(np.float32))
    # Pillow's bilinear filter widens with the reduction, as TensorFlow's does with antialias.
    resized = grey.resize((new_width, LINE_HEIGHT), Image.Resampling.BILINEAR)
    return normalise_contrast(np.asarray(resized))
