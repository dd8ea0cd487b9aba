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
_SENT_AS_IS = ("JPEG", "PNG")
_PAGED = "TIFF"
_UPRIGHT = 1
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked below
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                pages = getattr(image, "n_frames", 1) if image.format == _PAGED else 1
                for page in range(1, pages + 1):
                    if pages > 1:
                        image.seek(page - 1)
                    yield _picture(source, content, image, page, pages)
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


def _picture(source: Source, content: bytes, image: Image.Image, page: int, pages: int) -> Picture:
    width, height = image.size
    if not 0 < width * height <= MAX_PIXELS:
        raise InputError(
            f"expected a picture of 1 to {MAX_PIXELS:,} pixels, got {width} x {height}: "
            "scale it down"
        )
    if image.format in _SENT_AS_IS and _is_upright(image) and not image.has_transparency_data:
        name = source.path.name if source.path else source.target.name
        return Picture(source.name, source.target, content, (width, height), file_name=name)
    plain = _plain(image)
    stream = io.BytesIO()
    plain.save(stream, "PNG", compress_level=1)
    if pages > 1:
        return _page_of(source, page, pages, stream.getvalue(), plain.size)
    name = source.path.name if source.path else source.target.name
    return Picture(source.name, source.target, stream.getvalue(), plain.size, file_name=name)


def _page_of(source: Source, page: int, pages: int, png: bytes, size: tuple[int, int]) -> Picture:
    target = source.target.with_name(f"{source.target.name}-{page:04}")
    return Picture(
        f"{source.name}#{page}", target, png, size, page, pages, f"{target.name}.png", drawn=True
    )


def _is_upright(image: Image.Image) -> bool:
    # Pillow decodes a PNG to look behind its pixels, where no camera writes the tag.
    if image.format == "PNG" and "exif" not in image.info:
        return True
    return image.getexif().get(ExifTags.Base.Orientation, _UPRIGHT) == _UPRIGHT


def _plain(image: Image.Image) -> Image.Image:
    """Returns the picture upright, on white, in 8 bits of grey or colour."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode in _WIDE_GREYS:
        return upright.point(lambda level: level / 256).convert("L")
    if upright.has_transparency_data:
        colours = upright.convert("RGBA")
        upright = Image.new("RGBA", colours.size, "white")
        upright.alpha_composite(colours)
    return upright.convert("L" if upright.mode in _GREYS else "RGB")
