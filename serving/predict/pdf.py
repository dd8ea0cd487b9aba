"""Draws the pages of PDF files, with PDFium where the extra `pdf` is installed."""

import io
import math
from collections.abc import Iterator
from typing import Any

from schema.errors import InputError

DPI = 300
"""Dots per inch of scanned archives, and what small handwriting needs."""

_MAGIC, _MAGIC_WITHIN = b"%PDF-", 1024  # bytes: the format allows something before it
_POINTS_PER_INCH = 72


def is_pdf(content: bytes) -> bool:
    """Tells whether a file is a PDF file, whatever it is called."""
    return _MAGIC in content[:_MAGIC_WITHIN]


def render_pages(
    content: bytes, dpi: int, max_pixels: int
) -> Iterator[tuple[int, int, bytes, tuple[int, int]]]:
    """Draws the pages of a PDF file in grey, one at a time.

    Args:
      content: of the file.
      dpi: dots per inch.
      max_pixels: of a page, at the most.

    Yields:
      The page's number from 1, the number of pages, the page as PNG, its width and height.

    Raises:
      InputError: the file cannot be opened, a page is too large, or nothing can draw PDF files.
    """
    try:
        import pypdfium2
    except ImportError:
        raise InputError(
            "expected a picture, got a PDF file, which needs the package pypdfium2: "
            "pip install pypdfium2, or export the pages as pictures"
        ) from None
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise InputError(
            f"expected a PDF file without a password, got {error}: export it again"
        ) from None
    try:
        pages = len(document)
        for number in range(1, pages + 1):
            png, size = _render(document, number, dpi, max_pixels)
            yield number, pages, png, size
    except pypdfium2.PdfiumError as error:
        raise InputError(f"expected readable pages, got {error}: export the file again") from None
    finally:
        document.close()


def _render(document: Any, number: int, dpi: int, max_pixels: int) -> tuple[bytes, tuple[int, int]]:
    page = document[number - 1]
    scale = dpi / _POINTS_PER_INCH
    width, height = (math.ceil(side * scale) for side in page.get_size())
    if not 0 < width * height <= max_pixels:
        raise InputError(
            f"expected a page of at most {max_pixels:,} pixels, got {width} x {height} at "
            f"{dpi} dpi for page {number}: lower --dpi"
        )
    picture = page.render(scale=scale, grayscale=True).to_pil()
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    page.close()
    return stream.getvalue(), picture.size
