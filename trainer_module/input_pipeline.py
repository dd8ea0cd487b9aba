"""Transformed examples on disk -> batches of lines of similar width.

Between Transform and the network. Pictures pass through `transforms.image`, as in serving.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from schema import features
from schema.alphabet import BLANK, Alphabet
from schema.errors import InputError
from trainer_module.networks.lstm_ctc import IMAGE, WIDTH
from transforms.ctc import required_frames
from transforms.image import LINE_HEIGHT, read_line
from transforms.text import encode_text

BUCKET_WIDTH = 112
"""Lines of one batch differ by at most so many columns: four glyphs."""

_SHUFFLE_LINES = 2048  # PNG bytes of some 5 kB each
_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.IMAGE_WIDTH: tf.io.FixedLenFeature([], tf.int64),
    features.TEXT: tf.io.FixedLenFeature([], tf.string),
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
}


@dataclass(frozen=True)
class LineIndex:
    """What is known of a split's lines without decoding a picture, in file order."""

    sample_ids: tuple[str, ...]
    texts: tuple[str, ...]
    widths: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def batches(self, batch_size: int) -> int:
        """Returns the number of batches of one pass: full ones of each bucket, and the rests."""
        _, counts = np.unique([width // BUCKET_WIDTH for width in self.widths], return_counts=True)
        return int(np.sum(-(-counts // batch_size)))


def index_lines(files: Sequence[str]) -> LineIndex:
    """Reads texts and widths of a split.

    Raises:
      InputError: there is no line.
    """
    parsed = list(_records(files).batch(1024).map(_parse_batch).as_numpy_iterator())
    if not parsed:
        raise InputError(f"expected lines to train on, got none in {', '.join(files)}")
    return LineIndex(
        sample_ids=tuple(name.decode() for rows in parsed for name in rows[features.SAMPLE_ID]),
        texts=tuple(text.decode() for rows in parsed for text in rows[features.TEXT]),
        widths=tuple(int(width) for rows in parsed for width in rows[features.IMAGE_WIDTH]),
    )


def check_lines(lines: LineIndex, alphabet: Alphabet, stride: int) -> None:
    """Refuses lines that CTC cannot learn.

    Args:
      lines: the split.
      alphabet: encodes their texts.
      stride: columns a frame stands for.

    Raises:
      InputError: a text has more characters and repeats than its line has frames, or a
        character outside the alphabet; the samples are named.
    """
    offenders = []
    for name, text, width in zip(lines.sample_ids, lines.texts, lines.widths, strict=True):
        if alphabet.outside(text):
            raise InputError(
                f"expected texts of the alphabet, got {alphabet.outside(text)!r} in sample {name}: "
                "correct the text or declare the characters"
            )
        needed, frames = required_frames(alphabet.encode(text)), -(-width // stride)
        if needed > frames:
            offenders.append(f"{name} ({needed} needed, {frames} there)")
    if offenders:
        raise InputError(
            f"expected a frame for each character and repeat, got too few in {len(offenders)} "
            f"lines, as in {', '.join(offenders[:3])}: use wider lines, less overlap or a "
            "smaller stride"
        )


def training_batches(
    files: Sequence[str],
    alphabet: Alphabet,
    batch_size: int,
    seed: int,
    first_epoch: int,
    last_epoch: int,
) -> tf.data.Dataset:
    """Makes the batches of some epochs, each shuffled by its own number.

    An epoch's order depends on the seed and its number alone, so that a resumed training sees
    what an uninterrupted one would have seen.

    Returns:
      ({IMAGE: float32 [n, LINE_HEIGHT, w, 1], WIDTH: int32 [n]}, labels int32 [n, longest]).
    """

    def one_epoch(epoch: int) -> tf.data.Dataset:
        lines = _records(files).shuffle(_SHUFFLE_LINES, seed=seed * 10_007 + epoch)
        return _batch(_decode(lines, alphabet), batch_size)

    epochs = map(one_epoch, range(first_epoch, last_epoch))
    return functools.reduce(tf.data.Dataset.concatenate, epochs).prefetch(tf.data.AUTOTUNE)


def evaluation_batches(
    files: Sequence[str], alphabet: Alphabet, batch_size: int
) -> tf.data.Dataset:
    """Makes the batches of one pass in a fixed order, shaped as those of training."""
    return _batch(_decode(_records(files), alphabet), batch_size).prefetch(tf.data.AUTOTUNE)


def _records(files: Sequence[str]) -> tf.data.Dataset:
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    return tf.data.TFRecordDataset(paths, compression_type="GZIP")


def _parse_batch(records: tf.Tensor) -> dict[str, tf.Tensor]:
    return tf.io.parse_example(records, _SPEC)


def _decode(records: tf.data.Dataset, alphabet: Alphabet) -> tf.data.Dataset:
    def decode(record: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        parsed = tf.io.parse_single_example(record, _SPEC)
        line = read_line(parsed[features.IMAGE])  # [LINE_HEIGHT, w, 1]
        label = encode_text(parsed[features.TEXT][tf.newaxis], alphabet)[0]
        return {IMAGE: line, WIDTH: tf.shape(line)[1]}, label

    return records.map(decode, num_parallel_calls=tf.data.AUTOTUNE)


def _batch(lines: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
    return lines.group_by_window(
        key_func=lambda line, _: tf.cast(line[WIDTH] // BUCKET_WIDTH, tf.int64),
        reduce_func=lambda _, bucket: bucket.padded_batch(
            batch_size,
            padded_shapes=({IMAGE: [LINE_HEIGHT, None, 1], WIDTH: []}, [None]),
            padding_values=({IMAGE: 0.0, WIDTH: 0}, BLANK),
        ),
        window_size=batch_size,
    )
