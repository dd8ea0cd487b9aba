"""Transformed examples on disk -> batches of lines of similar width.

Between Transform and the network. Pictures pass through `transforms.image`, as in serving.
"""

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from schema import features
from schema.alphabet import BLANK, Alphabet
from schema.errors import InputError
from trainer_module.fresh_lines import LineDealer
from trainer_module.networks.stem import IMAGE, WIDTH
from trainer_module.seeds import epoch_seed, example_seed
from transforms.augmentation import augment
from transforms.augmentation_options import NO_AUGMENTATION, AugmentationOptions
from transforms.ctc import required_frames
from transforms.image import LINE_HEIGHT, normalise_line, read_line
from transforms.text import encode_text

TOLERATED_SHARE = 0.01
"""Share of a split's lines that may be too narrow for their text before training stops."""

BUCKET_WIDTH = 112
"""Lines of one batch differ by at most so many columns: four glyphs."""

_log = logging.getLogger(__name__)
_SHUFFLE_LINES = 2048  # some 5 kB of PNG and 27 kB of glyphs each
_PARALLEL = tf.data.AUTOTUNE
_INDEX_SPEC = {
    features.LINE_WIDTH: tf.io.FixedLenFeature([], tf.int64),
    features.TEXT: tf.io.FixedLenFeature([], tf.string),
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
}
_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.TEXT: tf.io.FixedLenFeature([], tf.string),
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
    features.GLYPHS: tf.io.FixedLenFeature([], tf.string, ""),
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
        widths=tuple(int(width) for rows in parsed for width in rows[features.LINE_WIDTH]),
    )


def keep_learnable(lines: LineIndex, alphabet: Alphabet, stride: int) -> LineIndex:
    """Leaves out lines that CTC cannot learn, which `training_batches` leaves out as well.

    Args:
      lines: the split.
      alphabet: encodes their texts.
      stride: columns a frame stands for.

    Returns:
      the lines with a frame for each character and repeat; the others are logged by name.

    Raises:
      InputError: more than `TOLERATED_SHARE` of the lines have too few frames, or one has a
        character outside the alphabet; samples are named.
    """
    learnable, offenders = [], []
    for name, text, width in zip(lines.sample_ids, lines.texts, lines.widths, strict=True):
        if alphabet.outside(text):
            raise InputError(
                f"expected texts of the alphabet, got {alphabet.outside(text)!r} in sample {name}: "
                "correct the text or declare the characters"
            )
        needed, frames = required_frames(alphabet.encode(text)), -(-width // stride)
        if needed > frames:
            offenders.append(f"{name} ({needed} needed, {frames} there)")
        else:
            learnable.append((name, text, width))
    if len(offenders) > TOLERATED_SHARE * len(lines):
        raise InputError(
            f"expected a frame for each character and repeat, got too few in {len(offenders)} of "
            f"{len(lines)} lines, as in {', '.join(offenders[:3])}: use wider lines, less overlap "
            "or a smaller stride"
        )
    if offenders:
        _log.warning("too few frames, not trained on: %s", ", ".join(offenders))
    return LineIndex(*zip(*learnable, strict=True))


@dataclass(frozen=True)
class Batching:
    """How lines become batches.

    Args:
      alphabet: of their texts.
      stride: columns a frame stands for.
      batch_size: lines.
    """

    alphabet: Alphabet
    stride: int
    batch_size: int


def training_batches(
    files: Sequence[str],
    batching: Batching,
    seed: int,
    epochs: range,
    steps_per_epoch: int,
    dealer: LineDealer | None = None,
    augmentation: AugmentationOptions = NO_AUGMENTATION,
) -> tf.data.Dataset:
    """Makes the batches of some epochs, each shuffled by its own number.

    An epoch's order and lines depend on the seed and its number alone, so that a resumed training
    sees what an uninterrupted one would have seen.

    Args:
      files: patterns of the transformed examples.
      batching: how lines become batches.
      seed: of the training.
      epochs: their numbers.
      steps_per_epoch: batches of each. Dealt lines are wider in one epoch than in another, and
        with them the number of batches that buckets fill differs by a few: what is over is left
        out, what is missing comes again from the epoch's beginning.
      dealer: writes the lines that are made of glyphs anew in each epoch; None leaves them as
        Transform made them.
      augmentation: how much every line is disturbed, in each epoch in another way.

    Returns:
      ({IMAGE: float32 [n, LINE_HEIGHT, w, 1], WIDTH: int32 [n]}, labels int32 [n, longest]).
    """
    # One graph for all epochs: each would otherwise be traced apart.
    read = tf.function(
        functools.partial(
            _read_anew, alphabet=batching.alphabet, dealer=dealer, augmentation=augmentation
        )
    )

    def one_epoch(epoch: int) -> tf.data.Dataset:
        decisive = epoch_seed(seed, epoch)
        # Keras looks at the first batch before it starts over: the same order then, not another.
        records = _records(files).shuffle(
            _SHUFFLE_LINES, seed=decisive, reshuffle_each_iteration=False
        )
        chance = tf.constant(decisive, tf.int64)
        lines = records.map(lambda record: read(record, chance), _PARALLEL)
        batches = _batch(_learnable(lines, batching.stride), batching)
        return batches.repeat().take(steps_per_epoch)

    return functools.reduce(tf.data.Dataset.concatenate, map(one_epoch, epochs)).prefetch(
        tf.data.AUTOTUNE
    )


def evaluation_batches(files: Sequence[str], batching: Batching) -> tf.data.Dataset:
    """Makes the batches of one pass in a fixed order, shaped as those of training."""
    read = functools.partial(_read, alphabet=batching.alphabet)
    lines = _learnable(_records(files).map(read, _PARALLEL), batching.stride)
    return _batch(lines, batching).prefetch(tf.data.AUTOTUNE)


def _records(files: Sequence[str]) -> tf.data.Dataset:
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    return tf.data.TFRecordDataset(paths, compression_type="GZIP")


def _parse_batch(records: tf.Tensor) -> dict[str, tf.Tensor]:
    return tf.io.parse_example(records, _INDEX_SPEC)


def _read(record: tf.Tensor, alphabet: Alphabet) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Makes network input and label, int32 [n], of one serialised example."""
    parsed = tf.io.parse_single_example(record, _SPEC)
    line = read_line(parsed[features.IMAGE])
    return {IMAGE: line, WIDTH: tf.shape(line)[1]}, _encode(parsed, alphabet)


def _read_anew(
    record: tf.Tensor,
    seed: tf.Tensor,
    alphabet: Alphabet,
    dealer: LineDealer | None,
    augmentation: AugmentationOptions,
) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Does the same with a line that is another one for another seed."""
    parsed = tf.io.parse_single_example(record, _SPEC)
    label = _encode(parsed, alphabet)
    own = tf.strings.to_hash_bucket_fast(parsed[features.SAMPLE_ID], 2**31)
    line_seed = example_seed(seed, own)
    if dealer is None:
        line = read_line(parsed[features.IMAGE])
    else:
        line = tf.cond(
            tf.strings.length(parsed[features.GLYPHS]) > 0,
            lambda: normalise_line(dealer.deal(label, line_seed)),
            lambda: read_line(parsed[features.IMAGE]),
        )
    line = augment(line, line_seed, augmentation)
    return {IMAGE: line, WIDTH: tf.shape(line)[1]}, label


def _encode(parsed: dict[str, tf.Tensor], alphabet: Alphabet) -> tf.Tensor:
    return encode_text(parsed[features.TEXT][tf.newaxis], alphabet)[0]


def _learnable(lines: tf.data.Dataset, stride: int) -> tf.data.Dataset:
    def is_learnable(line: dict[str, tf.Tensor], label: tf.Tensor) -> tf.Tensor:
        repeats = tf.reduce_sum(tf.cast(tf.equal(label[1:], label[:-1]), tf.int32))
        return tf.size(label) + repeats <= (line[WIDTH] + stride - 1) // stride

    return lines.filter(is_learnable)


def _batch(lines: tf.data.Dataset, batching: Batching) -> tf.data.Dataset:
    return lines.group_by_window(
        key_func=lambda line, _: tf.cast(line[WIDTH] // BUCKET_WIDTH, tf.int64),
        reduce_func=lambda _, bucket: bucket.padded_batch(
            batching.batch_size,
            padded_shapes=({IMAGE: [LINE_HEIGHT, None, 1], WIDTH: []}, [None]),
            padding_values=({IMAGE: 0.0, WIDTH: 0}, BLANK),
        ),
        window_size=batching.batch_size,
    )
