"""What is known of a split's lines before any is decoded, and which of them can be learned from.

Between Transform and the input pipeline. A line that cannot be learned from is named, counted and
left out, by the same rules here and in `input_pipeline`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from schema import features
from schema.alphabet import Alphabet
from schema.errors import InputError
from transforms.ctc import required_frames

TOLERATED_SHARE = 0.01
"""Share of a split's lines that may be of no use before training stops."""

BUCKET_WIDTH = 112
"""Lines of one batch differ by at most so many columns: four glyphs."""

MIN_HEIGHT = 5
"""Pixels of height below which a picture, as ingested, cannot hold letters."""

_log = logging.getLogger(__name__)
_SPEC = {
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
    features.TEXT: tf.io.FixedLenFeature([], tf.string),
    features.LINE_WIDTH: tf.io.FixedLenFeature([], tf.int64),
    features.LINE_HAS_INK: tf.io.FixedLenFeature([], tf.int64),
    features.IMAGE_HEIGHT: tf.io.FixedLenFeature([], tf.int64),
}


@dataclass(frozen=True)
class IndexedLine:
    """One line.

    Args:
      sample_id: names it.
      text: the ground truth.
      width: of the normalised picture, in pixels.
      has_ink: whether the normalised picture shows anything.
      height: of the picture as ingested, in pixels.
    """

    sample_id: str
    text: str
    width: int
    has_ink: bool = True
    height: int = 28

    def flaw(self, alphabet: Alphabet, stride: int) -> str | None:
        """Says why CTC cannot learn from the line, or nothing."""
        if not self.has_ink:
            return "blank"
        if self.height < MIN_HEIGHT:
            return f"height {self.height}"
        needed, frames = required_frames(alphabet.encode(self.text)), -(-self.width // stride)
        return f"{needed} frames needed, {frames} there" if needed > frames else None


def count_batches(lines: Sequence[IndexedLine], batch_size: int) -> int:
    """Returns the number of batches of one pass: full ones of each bucket, and the rests."""
    _, counts = np.unique([line.width // BUCKET_WIDTH for line in lines], return_counts=True)
    return int(np.sum(-(-counts // batch_size)))


def index_lines(files: Sequence[str]) -> list[IndexedLine]:
    """Reads what is known of each line of a split, in file order.

    Raises:
      InputError: there is no line.
    """
    lines = [
        IndexedLine(name.decode(), text.decode(), int(width), bool(has_ink), int(height))
        for rows in records(files).batch(1024).map(_parse).as_numpy_iterator()
        for name, text, width, has_ink, height in zip(*(rows[key] for key in _SPEC), strict=True)
    ]
    if not lines:
        raise InputError(f"expected lines to train on, got none in {', '.join(files)}")
    return lines


def keep_learnable(
    lines: Sequence[IndexedLine], alphabet: Alphabet, stride: int
) -> list[IndexedLine]:
    """Leaves out lines that CTC cannot learn from, which the input pipeline leaves out as well.

    Args:
      lines: the split.
      alphabet: encodes their texts.
      stride: columns a frame stands for.

    Returns:
      the lines with ink and a frame for each character and repeat; the others are logged by name.

    Raises:
      InputError: more than `TOLERATED_SHARE` of the lines are of no use, or one has a character
        outside the alphabet; samples are named.
    """
    learnable, flaws = [], []
    for line in lines:
        if unknown := alphabet.outside(line.text):
            raise InputError(
                f"expected texts of the alphabet, got {unknown!r} in sample {line.sample_id}: "
                "correct the text or declare the characters"
            )
        if flaw := line.flaw(alphabet, stride):
            flaws.append(f"{line.sample_id} ({flaw})")
        else:
            learnable.append(line)
    if len(flaws) > TOLERATED_SHARE * len(lines):
        raise InputError(
            f"expected ink and a frame for each character and repeat in every line, but "
            f"{len(flaws)} of {len(lines)} lines lack them, as in {', '.join(flaws[:3])}: take out "
            "what is blank; use wider lines, less overlap or a smaller stride"
        )
    if flaws:
        _log.warning("not trained on: %s", ", ".join(flaws))
    return learnable


def records(files: Sequence[str]) -> tf.data.Dataset:
    """Yields the serialised examples of a split, in file order."""
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    return tf.data.TFRecordDataset(paths, compression_type="GZIP")


def _parse(batch: tf.Tensor) -> dict[str, tf.Tensor]:
    return tf.io.parse_example(batch, _SPEC)
