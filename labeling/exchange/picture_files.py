"""Finds the pictures that the files of other tools name, beside those files and nowhere else.

Nothing is fetched: a file from elsewhere must not make this program ask other machines.
"""

import base64
import binascii
import re
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from labeling.pictures import MAX_BYTES, MAX_PIXELS
from pipeline.ingest.images import ImageProblem, measure_picture
from pipeline.ingest.pages import shorten

_SUBFOLDERS = ("", "pictures", "images", "media")
_LOCAL_FILES = "/data/local-files"  # Label Studio's address of a file, with its path after ?d=
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")  # before the names of files uploaded to it
_DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)


def find_picture(name: str, folder: Path) -> bytes:
    """Returns the picture that a name, an address or a data URI stands for.

    Args:
      name: as the file has it.
      folder: that the file lies in.

    Raises:
      ImageProblem: there is none, or none that can be used.
    """
    shown = shorten(name)
    if embedded := _DATA_URI.fullmatch(name):
        content = _decoded(embedded[1])
    else:
        content = _content(_path(name, folder), shown)
    measure_picture(content, shown, MAX_PIXELS)
    return content


def names_picture(value: object) -> bool:
    """Tells whether a value of a task looks like the name of a picture."""
    if not isinstance(value, str):
        return False
    return value.startswith("data:image/") or _relative(value).suffix.lower() in (
        *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
    )


def suffix_of(content: bytes) -> str:
    """Returns the ending for a file with a picture that the store keeps: PNG or JPEG."""
    return ".jpg" if content.startswith(b"\xff\xd8") else ".png"


def stem_of(name: str) -> str:
    """Returns what a picture is called without folders and ending, "" for a data URI."""
    return "" if name.startswith("data:") else _relative(name).stem


def _decoded(text: str) -> bytes:
    if len(text) > MAX_BYTES * 4 // 3 + 4:
        raise ImageProblem(f"expected a picture of at most {MAX_BYTES:,} bytes, got a larger one")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ImageProblem(
            "expected a picture in base64, got something else in a data URI: export it again"
        ) from None


def _relative(name: str) -> PurePosixPath:
    """Returns the path within a name or an address."""
    try:
        parts = urlsplit(name)
    except ValueError:  # as of brackets that are no address
        return PurePosixPath(name)
    if parts.path.rstrip("/").endswith(_LOCAL_FILES):
        return PurePosixPath(parse_qs(parts.query).get("d", [""])[0])
    return PurePosixPath(unquote(parts.path))


def _path(name: str, folder: Path) -> Path:
    relative = _relative(name)
    base = relative.name
    wanted = dict.fromkeys([str(relative).lstrip("/"), base, _UPLOAD_PREFIX.sub("", base)])
    root = folder.resolve()
    for place in _SUBFOLDERS:
        for candidate in filter(None, wanted):
            if "\0" in candidate:
                continue
            path = (root / place / candidate).resolve()
            # Links and ".." lead where they like; what they lead to must be of the folder.
            if path.is_relative_to(root) and path.is_file():
                return path
    raise ImageProblem(
        f"expected the picture {base or shorten(name)!r} beside the file, got none for "
        f"{shorten(name)!r}: put it there (nothing is fetched from other machines)"
    )


def _content(path: Path, shown: str) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ImageProblem(
            f"expected a picture of at most {MAX_BYTES:,} bytes, got {size:,} in {shown}: "
            "scale it down"
        )
    return path.read_bytes()
