"""Pictures of lines to send: clean ones as they lie on the disk, and the same ones spoiled."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageFilter, ImageOps

from schema.errors import InputError
from schema.features import IMAGE

SUFFIXES = (".png", ".jpg", ".jpeg")
_RECORDS = "*.gz"
_SKEW_DEGREES = 15
_BLUR = 1.5  # sigma in pixels


def read_pictures(folder: Path, most: int) -> list[bytes]:
    """Reads pictures, at most so many, in order.

    Args:
      folder: of picture files, or of the transformed examples of a run, whose pictures are bright
        on dark; they are turned to ink on paper, as clients send them.
      most: to read.

    Raises:
      InputError: there are none.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    found = [path.read_bytes() for path in files[:most]]
    if not found:
        records = sorted(folder.glob(_RECORDS))
        found = [_spoil(picture, ImageOps.invert) for picture in _examples(records, most)]
    if not found:
        raise InputError(
            f"expected pictures of lines, got none in {folder}: name a folder of PNG or JPEG files "
            "with --pictures"
        )
    return found


def _examples(files: list[Path], most: int) -> Iterator[bytes]:
    import tensorflow as tf

    if not files:
        return
    records = tf.data.TFRecordDataset([str(file) for file in files], "GZIP")
    spec = {IMAGE: tf.io.FixedLenFeature([], tf.string)}
    for record in records.take(most):
        yield tf.io.parse_single_example(record, spec)[IMAGE].numpy()


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
