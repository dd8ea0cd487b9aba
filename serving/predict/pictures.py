"""Opens sources and makes of each page what every server takes: an upright PNG or JPEG.

After `sources`, before the requests; one page is in memory at a time. What cannot be read comes
out as a picture with a problem, so that it is told in its place and the others go on.
"""

import io
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from schema.errors import InputError
from serving.predict.pdf import is_pdf, render_pages
from serving.predict.sources import Source

MAX_PIXELS = 100_000_000
"""Larger pictures are refused, as the page servable does."""

# Pillow's rarer decoders stay out of reach of a file that nobody has checked.
_FORMATS = ("JPEG", "PNG", "TIFF", "JPEG2000", "WEBP", "BMP", "GIF", "PPM")
_SENT_AS_IS = ("JPEG", "MPO", "PNG")  # MPO: a JPEG with another one behind it, as telephones do
_LOSSY, _QUALITY = ("JPEG", "MPO", "WEBP"), 95  # photographs as PNG are ten times as large
_PAGED = "TIFF"
_UPRIGHT = 1
_PRINTERS_COLOURS, _FLOATS = "CMYK", "F"
_GREYS = ("1", "L")
_WIDE_GREYS = ("I", "I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True)
class Picture:
    """One page that shall be read.

    Args:
      name: for people: the source, with "#3" for its third page where it has several.
      target: as of the source, with "-0003" where it has several pages.
      content: encoded PNG or JPEG; b"" where there is a problem.
      size: width and height in pixels, upright.
      page: its number in its source, from 1.
      pages: of its source.
      file_name: of the picture that coordinates refer to.
      drawn: there is no such file: the picture was drawn from a page of the source.
      problem: why it cannot be read, in one line, else "".
    """

    name: str
    target: PurePath
    content: bytes = b""
    size: tuple[int, int] = (0, 0)
    page: int = 1
    pages: int = 1
    file_name: str = ""
    drawn: bool = False
    problem: str = ""


def open_pictures(source: Source, dpi: int) -> Iterator[Picture]:
    """Yields the pages of a source, the only one of most.

    Args:
      source: where it is.
      dpi: dots per inch at which pages of a PDF file are drawn.
    """
    try:
        content = sys.stdin.buffer.read() if source.path is None else source.path.read_bytes()
    except OSError as error:
        problem = f"expected a readable file, got {error.strerror}: correct its path"
        yield Picture(source.name, source.target, problem=problem)
        return
    if not is_pdf(content):
        yield from _open_image(source, content)
        return
    try:
        for page, pages, png, size in render_pages(content, dpi, MAX_PIXELS):
            yield _page_of(source, page, pages, png, size)
    except InputError as error:
        yield Picture(source.name, source.target, problem=str(error))


def _open_image(source: Source, content: bytes) -> Iterator[Picture]:
    # Of a damaged file Pillow's decoders raise many kinds of errors.
    try:
        with _open(content) as image:
            pages = getattr(image, "n_frames", 1) if image.format == _PAGED else 1
            for page in range(1, pages + 1):
                if pages > 1:
                    image.seek(page - 1)
                encoded, size = _encoded(image, content)
                if pages > 1:
                    yield _page_of(source, page, pages, encoded, size)
                else:
                    name = source.path.name if source.path else source.target.name
                    yield Picture(source.name, source.target, encoded, size, file_name=name)
    except InputError as error:
        yield Picture(source.name, source.target, problem=str(error))
    except UnidentifiedImageError:
        problem = (
            f"expected a picture ({', '.join(_FORMATS)}) or a PDF file, got something else: "
            "convert it"
        )
        yield Picture(source.name, source.target, problem=problem)
    except Exception as error:
        told = " ".join(f"{type(error).__name__} ({error})".split())
        problem = f"expected a complete picture, got {told}: fetch or export it again"
        yield Picture(source.name, source.target, problem=problem)


def _open(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we have our own limit
        return Image.open(io.BytesIO(content), formats=_FORMATS)


def _encoded(image: Image.Image, content: bytes) -> tuple[bytes, tuple[int, int]]:
    """Returns a picture as every server reads it, and its width and height.

    Args:
      image: opened; nothing is decoded before its size is known.
      content: its file, which is returned itself where it will do.
    """
    width, height = image.size
    if not 0 < width * height <= MAX_PIXELS:
        raise InputError(
            f"expected a picture of 1 to {MAX_PIXELS:,} pixels, got {width} x {height}: "
            "scale it down"
        )
    if _is_plain(image):
        return content, (width, height)
    plain, stream = _plain(image), io.BytesIO()
    if image.format in _LOSSY:
        plain.save(stream, "JPEG", quality=_QUALITY)
    else:
        plain.save(stream, "PNG", compress_level=1)
    return stream.getvalue(), plain.size


def _page_of(source: Source, page: int, pages: int, png: bytes, size: tuple[int, int]) -> Picture:
    target = source.target.with_name(f"{source.target.name}-{page:04}")
    return Picture(
        f"{source.name}#{page}", target, png, size, page, pages, f"{target.name}.png", drawn=True
    )


def _is_plain(image: Image.Image) -> bool:
    """Tells whether every server reads the file as it is: upright, opaque, grey or RGB."""
    return (
        image.format in _SENT_AS_IS
        and image.mode != _PRINTERS_COLOURS
        and not image.has_transparency_data
        and _is_upright(image)
    )


def _is_upright(image: Image.Image) -> bool:
    # Pillow decodes a PNG to look behind its pixels, where no camera writes the tag.
    if image.format == "PNG" and "exif" not in image.info:
        return True
    return image.getexif().get(ExifTags.Base.Orientation, _UPRIGHT) == _UPRIGHT


def _plain(image: Image.Image) -> Image.Image:
    """Returns the picture upright, on white, in 8 bits of grey or colour."""
    if image.mode == _FLOATS:
        raise InputError(
            "expected grey levels of 8 or 16 bits, got floating-point ones: convert it to 8 bits"
        )
    upright = ImageOps.exif_transpose(image)
    if upright.mode in _WIDE_GREYS:
        return upright.point(lambda level: level / 256).convert("L")
    if upright.has_transparency_data:
        colours = upright.convert("RGBA")
        upright = Image.new("RGBA", colours.size, "white")
        upright.alpha_composite(colours)
    return upright.convert("L" if upright.mode in _GREYS else "RGB")
