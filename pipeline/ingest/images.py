"""Reads a picture file of any common kind as upright grey pixels.

Below every reader that takes pictures: pages, forms, folders of lines. Nothing is decoded
before its size is known, and whatever is wrong with a file comes out as one exception.
"""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 100_000_000
"""Pictures with more are refused: an A3 page at 600 dpi has 70 million."""

# Formats that archives and cameras write; Pillow's rarer decoders stay out of reach of a file
# that nobody has checked.
FORMATS = ("JPEG", "PNG", "TIFF", "JPEG2000", "WEBP", "BMP", "GIF", "PPM")

_TURNED = 5  # EXIF orientations from here on exchange width and height
_WIDE_GREYS = ("I;16", "I;16L", "I;16B", "I;16N", "I")


class ImageProblem(Exception):  # noqa: N818, the word of `Problems`
    """A picture that cannot be used; a reader notes it with the sample that needed it."""


def read_image(source: Path | bytes, name: str, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Reads a picture, of several frames the first.

    EXIF rotation is applied, transparency laid on white, 16 bits reduced to 8, colour to luma.

    Args:
      source: a file, or its contents.
      name: says in messages which picture is meant.
      max_pixels: the most that is decoded; Pillow's own limit, 179 million unless the program
        moves it, holds besides.

    Returns:
      [height, width], uint8, read-only.

    Raises:
      ImageProblem: no picture, an unsupported one, a broken one or one too large.
    """
    with _open(source, name, max_pixels) as image:
        try:
            image.draft("L", image.size)  # JPEG stores luma: no detour over colours
            ImageOps.exif_transpose(image, in_place=True)
            return _grey(image, name)
        except ImageProblem:
            raise
        except Exception as error:  # each decoder has errors of its own
            raise ImageProblem(
                f"expected a complete {image.format} picture, got {_said(error)} in {name}: "
                "fetch or export it again"
            ) from None


def measure_picture(
    source: Path | bytes, name: str, max_pixels: int = MAX_PIXELS
) -> tuple[int, int]:
    """Returns the width and height that `read_image` would give, from the header alone.

    Raises:
      ImageProblem: no picture, an unsupported one or one too large; a broken one may pass.
    """
    with _open(source, name, max_pixels) as image:
        width, height = image.size
        try:
            # Pillow decodes a PNG to look behind its pixels, where no camera writes the tag.
            known = image.format != "PNG" or "exif" in image.info
            turned = known and image.getexif().get(ExifTags.Base.Orientation, 1) >= _TURNED
        except Exception as error:  # each decoder has errors of its own
            raise ImageProblem(
                f"expected a readable EXIF header, got {_said(error)} in {name}: export it again"
            ) from None
    return (height, width) if turned else (width, height)


def _open(source: Path | bytes, name: str, max_pixels: int) -> Image.Image:
    """Reads a picture's header and refuses what must not be decoded."""
    if isinstance(source, Path) and not source.is_file():
        raise ImageProblem(f"expected a picture file, got none at {name}: put it there")
    if not (source if isinstance(source, bytes) else source.stat().st_size):
        raise ImageProblem(f"expected a picture, got an empty file in {name}: fetch it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked below
            image = Image.open(
                io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS
            )
    except Image.DecompressionBombError as error:
        raise _too_large(str(error), name, max_pixels) from None
    except UnidentifiedImageError:
        raise ImageProblem(
            f"expected a picture in one of the formats {', '.join(FORMATS)}, got something else "
            f"in {name}: convert it to one of them"
        ) from None
    except Exception as error:  # each decoder has errors of its own
        raise ImageProblem(
            f"expected a readable picture, got {_said(error)} in {name}: fetch or export it again"
        ) from None
    width, height = image.size
    if not 0 < width * height <= max_pixels:
        image.close()
        if width * height:
            raise _too_large(f"{width} x {height}", name, max_pixels)
        raise ImageProblem(f"expected pixels, got {width} x {height} in {name}: export it again")
    return image


def _grey(image: Image.Image, name: str) -> np.ndarray:
    """Returns the pixels as [height, width], uint8."""
    if image.mode in _WIDE_GREYS:
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise ImageProblem(
                f"expected grey levels of 8 or 16 bits, got {wide.min()} to {wide.max()} "
                f"in {name}: convert it to 8 bits"
            )
        return (wide // 256).astype(np.uint8)
    if image.mode == "F":
        raise ImageProblem(
            f"expected grey levels of 8 or 16 bits, got floating-point ones in {name}: "
            "convert it to 8 bits"
        )
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.new("RGBA", image.size, "white")
        image.alpha_composite(colours)
    if image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")  # not every kind converts to grey directly
    return np.asarray(image.convert("L"))


def _too_large(came: str, name: str, max_pixels: int) -> ImageProblem:
    return ImageProblem(
        f"expected a picture of at most {max_pixels:,} pixels, got {came} in {name}: "
        "scale it down, or raise the limit if it is what it should be"
    )


def _said(error: Exception) -> str:
    """Returns an error as part of a sentence, on one line."""
    return " ".join(f"{type(error).__name__} ({error})".split())
