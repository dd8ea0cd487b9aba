"""The pictures of lines and pages, each a file named by its SHA-256."""

import hashlib
import io
from pathlib import Path

from PIL import Image

from pipeline.ingest.images import ImageProblem, read_image
from schema.errors import InputError
from serving.whole_file import write_whole

MAX_BYTES = 20 * 1024 * 1024
"""Of a picture's file."""
MAX_PIXELS = 50_000_000
"""Of a picture: a page of A4 at 600 dpi has 35 million."""

_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)


class PictureFolder:
    """Pictures on the disk; a picture is whole or not there.

    Args:
      folder: made by the first `put`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, picture: str) -> Path:
        """Returns where a picture lies."""
        return self._folder / picture[:2] / picture

    def put(self, content: bytes, name: str = "the picture") -> str:
        """Keeps a picture and returns its SHA-256; one that is there already is left alone.

        Args:
          content: of a picture file, unpacked once to see that it is whole.
          name: says in messages which is meant.

        Raises:
          InputError: it is too large, broken or no picture.
        """
        if len(content) > MAX_BYTES:
            raise InputError(
                f"expected a picture of at most {MAX_BYTES // 2**20} MiB, got "
                f"{len(content) / 2**20:.1f} MiB in {name}: scan it in fewer dots or cut it"
            )
        digest = hashlib.sha256(content).hexdigest()
        if not self.path(digest).is_file():
            try:
                read_image(content, name, MAX_PIXELS)
            except ImageProblem as error:
                raise InputError(str(error)) from None
            write_whole(self.path(digest), content)
        return digest


def for_browser(content: bytes) -> tuple[bytes, str]:
    """Returns a picture as browsers show it, and its media type; TIFF and others become PNG."""
    for head, kind in _TYPES:
        if content.startswith(head):
            return content, kind
    stream = io.BytesIO()
    Image.fromarray(read_image(content, "a picture", MAX_PIXELS)).save(stream, "PNG")
    return stream.getvalue(), "image/png"
