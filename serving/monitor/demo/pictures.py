"""Pictures of lines to send: clean ones as they lie on the disk, and the same ones spoiled."""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageFilter, ImageOps

from schema.errors import InputError
from schema.features import IMAGE

SUFFIXES = (".png", ".jpg", ".jpeg")
_Item = TypeVar("_Item")
_RECORDS = "*.gz"
_MOST_READ = 5000
_SKEW_DEGREES = 15
_BLUR = 1.5  # sigma in pixels


def read_pictures(folders: Sequence[Path], most: int) -> list[bytes]:
    """Reads pictures, at most so many, drawn at random but the same ones each time.

    Args:
      folders: of picture files, or of a run's examples; the first one that has pictures is taken.
      most: to read.

    Raises:
      InputError: there are none.
    """
    for folder in folders:
        found = [path.read_bytes() for path in _drawn(_files(folder), most)]
        found = found or _drawn(list(_examples(sorted(folder.glob(_RECORDS)))), most)
        if found:
            return found
    raise InputError(
        f"expected pictures of lines, got none in {' and '.join(map(str, folders))}: name a folder "
        "of PNG or JPEG files with --pictures"
    )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)


def _drawn(every: list[_Item], most: int) -> list[_Item]:
    return random.Random(0).sample(every, min(most, len(every)))


def _examples(files: list[Path]) -> Iterator[bytes]:
    """Yields the pictures of examples, as they are; lines of glyphs have none before Transform."""
    if not files:
        return
    import tensorflow as tf

    spec = {IMAGE: tf.io.FixedLenFeature([], tf.string)}
    records = tf.data.TFRecordDataset([str(file) for file in files], "GZIP").take(_MOST_READ)
    for record in records:
        picture = tf.io.parse_single_example(record, spec)[IMAGE].numpy()
        if picture:
            yield picture


def _spoil(encoded: bytes, change: Callable[[Image.Image], Image.Image]) -> bytes:
    with Image.open(io.BytesIO(encoded)) as image:
        changed = change(image.convert("L"))
    written = io.BytesIO()
    changed.save(written, "PNG")
    return written.getvalue()


def _rotate(image: Image.Image) -> Image.Image:
    paper = image.tobytes()[0]
    return image.rotate(_SKEW_DEGREES, Image.Resampling.BILINEAR, expand=True, fillcolor=paper)


DRIFTS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "inverted": (
        "as a scanner that turns black and white around sends them",
        lambda encoded: _spoil(encoded, ImageOps.invert),
    ),
    "blurred": (
        "as a camera out of focus sends them",
        lambda encoded: _spoil(
            encoded, lambda image: image.filter(ImageFilter.GaussianBlur(_BLUR))
        ),
    ),
    "faint": (
        "as worn ink looks: with half the contrast",
        lambda encoded: _spoil(encoded, lambda image: image.point(lambda value: 128 + value // 2)),
    ),
    "rotated": (
        f"as lines that were not straightened: turned by {_SKEW_DEGREES} degrees",
        lambda encoded: _spoil(encoded, _rotate),
    ),
}
"""Name -> what it is, and what does it to a picture."""
