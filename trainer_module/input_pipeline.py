"""Transformed examples on disk -> batches of lines of similar width.

Between Transform and the network. Pictures pass through `transforms.image`, as in serving.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from schema import features
from schema.alphabet import BLANK, Alphabet
from trainer_module.fresh_lines import LineDealer
from trainer_module.line_index import BUCKET_WIDTH, MIN_HEIGHT, records
from trainer_module.networks.stem import IMAGE, WIDTH
from trainer_module.seeds import epoch_seed, example_seed
from trainer_module.share import WHOLE, Share
from transforms.augmentation import augment
from transforms.augmentation_options import NO_AUGMENTATION, AugmentationOptions
from transforms.image import LINE_HEIGHT, normalise_line, read_line
from transforms.text import encode_text
from transforms.tracing import traced

_PARALLEL = tf.data.AUTOTUNE
_SHUFFLE_LINES = 2048  # some 5 kB of PNG and 27 kB of glyphs each
_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.TEXT: tf.io.FixedLenFeature([], tf.string),
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
    features.GLYPHS: tf.io.FixedLenFeature([], tf.string, ""),
    features.LINE_HAS_INK: tf.io.FixedLenFeature([], tf.int64),
    features.IMAGE_HEIGHT: tf.io.FixedLenFeature([], tf.int64),
}
_Line = dict[str, tf.Tensor]
_Reader = Callable[[tf.Tensor, tf.Tensor], _Line]
_LABEL = "label"  # the class numbers, beside the network's inputs and the sample id


@dataclass(frozen=True)
class Batching:
    """How lines become batches.

    Args:
      alphabet: of their texts.
      stride: columns a frame stands for.
      batch_size: lines.
      whole_buckets: whether a batch is as wide as its bucket allows, and not just as its widest
        line: fewer shapes, for what has to be compiled for each of them.
    """

    alphabet: Alphabet
    stride: int
    batch_size: int
    whole_buckets: bool = False


@dataclass(frozen=True)
class TrainingLines:
    """The batches of a training.

    An epoch's order and lines depend on the seed and its number alone, so that a resumed training
    sees what an uninterrupted one would have seen.

    Args:
      files: patterns of the transformed examples.
      batching: how lines become batches.
      seed: of the training.
      steps_per_epoch: batches of each epoch. Lines that vary are wider in one epoch than in
        another, and with them the number of batches that buckets fill differs by a few: what is
        over is left out, what is missing comes again from the epoch's beginning.
      dealer: writes the lines that are made of glyphs anew in each epoch; None leaves them as
        Transform made them.
      augmentation: how much every line is disturbed, in each epoch in another way.
      share: of the epoch's lines, for one machine of several.
    """

    files: Sequence[str]
    batching: Batching
    seed: int
    steps_per_epoch: int
    dealer: LineDealer | None = None
    augmentation: AugmentationOptions = NO_AUGMENTATION
    share: Share = WHOLE

    def batches(self, epochs: range) -> tf.data.Dataset:
        """Makes the batches of some epochs, one after the other.

        Returns:
          ({IMAGE: float32 [n, LINE_HEIGHT, w, 1], WIDTH: int32 [n]}, labels int32 [n, longest]).
        """
        # One graph for all epochs: each would otherwise be traced apart.
        read = traced(self._read_anew)
        made = (self._epoch(epoch, read) for epoch in epochs)
        joined = functools.reduce(tf.data.Dataset.concatenate, made)
        return joined.map(_to_keras).prefetch(tf.data.AUTOTUNE)

    def name_batch(self, epoch: int, step: int) -> list[str]:
        """Returns the sample ids of one batch, by making it again."""
        [line] = self._epoch(epoch, self._read_anew).skip(step).take(1)
        return [name.decode() for name in line[features.SAMPLE_ID].numpy()]

    def _epoch(
        self, epoch: int, read: tf.types.experimental.PolymorphicFunction
    ) -> tf.data.Dataset:
        decisive = epoch_seed(self.seed, epoch)
        # Keras looks at the first batch before it starts over: the same order then, not another.
        shuffled = records(self.files).shuffle(
            _SHUFFLE_LINES, seed=decisive, reshuffle_each_iteration=False
        )
        own = shuffled.shard(self.share.count, self.share.index)
        chance = tf.constant(decisive, tf.int64)
        lines = own.map(lambda record: read(record, chance), _PARALLEL)
        return _batch(lines, self.batching).repeat().take(self.steps_per_epoch)

    def _read_anew(self, record: tf.Tensor, seed: tf.Tensor) -> _Line:
        """Reads a line that is another one for another seed."""
        parsed = tf.io.parse_single_example(record, _SPEC)
        label = _encode(parsed, self.batching.alphabet)
        own = tf.strings.to_hash_bucket_fast(parsed[features.SAMPLE_ID], 2**31)
        line_seed = example_seed(seed, own)
        if self.dealer is None:
            line = read_line(parsed[features.IMAGE])
        else:
            deal = self.dealer.deal
            line = tf.cond(
                tf.strings.length(parsed[features.GLYPHS]) > 0,
                lambda: normalise_line(deal(label, line_seed)),
                lambda: read_line(parsed[features.IMAGE]),
            )
        return _line(parsed, augment(line, line_seed, self.augmentation), label)


def evaluation_batches(files: Sequence[str], batching: Batching) -> tf.data.Dataset:
    """Makes the batches of one pass in a fixed order, shaped as those of training."""

    @traced
    def read(record: tf.Tensor) -> _Line:
        parsed = tf.io.parse_single_example(record, _SPEC)
        return _line(parsed, read_line(parsed[features.IMAGE]), _encode(parsed, batching.alphabet))

    lines = _batch(records(files).map(read, _PARALLEL), batching)
    return lines.map(_to_keras).prefetch(tf.data.AUTOTUNE)


def _encode(parsed: _Line, alphabet: Alphabet) -> tf.Tensor:
    return encode_text(parsed[features.TEXT][tf.newaxis], alphabet)[0]


def _line(parsed: _Line, picture: tf.Tensor, label: tf.Tensor) -> _Line:
    kept = (features.SAMPLE_ID, features.LINE_HAS_INK, features.IMAGE_HEIGHT)
    made = {IMAGE: picture, WIDTH: tf.shape(picture)[1], _LABEL: label}
    return {key: parsed[key] for key in kept} | made


def _to_keras(line: _Line) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    return {IMAGE: line[IMAGE], WIDTH: line[WIDTH]}, line[_LABEL]


def _is_learnable(line: _Line, stride: int) -> tf.Tensor:
    """Follows the rules of `IndexedLine.flaw` for a line as it is in this epoch."""
    label = line[_LABEL]
    repeats = tf.reduce_sum(tf.cast(tf.equal(label[1:], label[:-1]), tf.int32))
    fits = tf.size(label) + repeats <= (line[WIDTH] + stride - 1) // stride
    return fits & (line[features.LINE_HAS_INK] > 0) & (line[features.IMAGE_HEIGHT] >= MIN_HEIGHT)


def _batch(lines: tf.data.Dataset, batching: Batching) -> tf.data.Dataset:
    def make_batch(bucket_number: tf.Tensor, bucket: tf.data.Dataset) -> tf.data.Dataset:
        picture = [LINE_HEIGHT, None, 1]
        if batching.whole_buckets:
            picture = tf.stack([LINE_HEIGHT, (bucket_number + 1) * BUCKET_WIDTH, 1])
        shapes: dict[str, Any] = {key: [] for key in lines.element_spec}
        shapes |= {IMAGE: picture, _LABEL: [None]}
        fill = {key: tf.zeros([], spec.dtype) for key, spec in lines.element_spec.items()}
        fill |= {features.SAMPLE_ID: "", _LABEL: BLANK}
        return bucket.padded_batch(batching.batch_size, shapes, fill)

    return lines.filter(lambda line: _is_learnable(line, batching.stride)).group_by_window(
        key_func=lambda line: tf.cast(line[WIDTH] // BUCKET_WIDTH, tf.int64),
        reduce_func=make_batch,
        window_size=batching.batch_size,
    )
