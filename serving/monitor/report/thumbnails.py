"""Pictures that clients sent, made fit for a page: small, and no more than pixels."""

import io

from PIL import Image

from serving.html_page.pictures import Picture, embed

MOST_PIXELS = 50_000_000
"""Larger pictures are not unpacked."""

_MOST_WIDTH, _MOST_HEIGHT = 960, 320


def thumbnail(encoded: bytes) -> Picture | str:
    """Returns the picture for the page or, in a few words, why there is none."""
    if not encoded:
        return "no picture was sent"
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            if image.width * image.height > MOST_PIXELS:
                return f"{image.width} x {image.height} pixels: too large to show"
            image.thumbnail((_MOST_WIDTH, _MOST_HEIGHT))
            # Written anew: nothing of what a client sent beside the pixels gets into the page.
            small = io.BytesIO()
            image.convert("L" if image.mode in ("1", "L", "LA", "I;16") else "RGB").save(
                small, "PNG"
            )
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"not readable as a picture ({type(error).__name__}), {len(encoded):,} bytes"
    return embed(small.getvalue()) or "not readable as a picture"
