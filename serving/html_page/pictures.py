"""Pictures as reports embed them, so that a page needs no other file."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_SHOWN_HEIGHT = 56  # pixels: twice the height of a normalised line
_HALF_PAGE = 480  # pixels


@dataclass(frozen=True)
class Picture:
    """A picture as the page embeds it.

    Args:
      uri: the `data:` URI with the encoded bytes.
      width: the width to show, in CSS pixels; the height follows from the picture.
    """

    uri: str
    width: int

    @property
    def is_wide(self) -> bool:
        """Whether the picture would shrink to less than half in half the page."""
        return self.width > 2 * _HALF_PAGE


def embed(encoded: bytes) -> Picture | None:
    """Returns the picture for the page, or None when the bytes are no picture."""
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            (width, height), media_type = image.size, image.get_format_mimetype()
    except OSError:
        return None
    scale = max(1, round(_SHOWN_HEIGHT / height))
    data = base64.b64encode(encoded).decode("ascii")
    return Picture(uri=f"data:{media_type};base64,{data}", width=scale * width)


def embed_file(path: Path) -> Picture | None:
    """Returns the picture in a file; None when it is gone, for the report outlives the run."""
    return embed(path.read_bytes()) if path.is_file() else None
