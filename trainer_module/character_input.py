"""Transformed examples on disk -> batches of single characters.

Between Transform and the character networks. Pictures pass through `transforms.image`, as in
serving, and stay in memory: even EMNIST's 700,000 glyphs are 550 MB.
"""

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from schema import features
from schema.alphabet import Alphabet
from schema.errors import InputError
from trainer_module.networks.stem import IMAGE
from trainer_module.seeds import epoch_seed, example_seed
from trainer_module.share import WHOLE, Share
from transforms.augmentation import augment
from transforms.augmentation_options import NO_AUGMENTATION, AugmentationOptions
from transforms.image import quantise_line, read_character

_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.TEXT: tf.io.FixedLenFeature([], tf.string),
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
}
_READ_AT_ONCE = 1024


def count_characters(files: Sequence[str], alphabet: Alphabet) -> int:
    """Returns the number of characters in a split.

    Raises:
      InputError: there is none, or one that is not in the alphabet; the sample is named.
    """
    return len(_load(tuple(files), alphabet)[1])


def training_batches(
    files: Sequence[str],
    alphabet: Alphabet,
    batch_size: int,
    seed: int,
    epochs: range,
    augmentation: AugmentationOptions = NO_AUGMENTATION,
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """Makes the batches of some epochs, each decided by the seed and its number.

    Returns:
      ({IMAGE: float32 [n, 28, 28, 1]}, classes int32 [n], from 0 in the alphabet's order).
    """
    images, classes = _load(tuple(files), alphabet)

    def one_epoch(epoch: int) -> tf.data.Dataset:
        order = _shuffle(len(classes), seed, epoch, share)
        batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
        return batches.map(lambda rows: (rows, tf.constant(epoch_seed(seed, epoch), tf.int64)))

    orders = functools.reduce(tf.data.Dataset.concatenate, map(one_epoch, epochs))
    if augmentation.idle:
        batches = _gather(orders.map(lambda rows, _: rows), images, classes)
    else:
        batches = _gather_anew(orders, images, classes, augmentation)
    return batches.prefetch(tf.data.AUTOTUNE)


def name_batch(
    files: Sequence[str],
    alphabet: Alphabet,
    batch_size: int,
    seed: int,
    epoch: int,
    step: int,
    share: Share = WHOLE,
) -> list[str]:
    """Returns the sample ids of one of these batches; epoch and step count from 0."""
    order = _shuffle(count_characters(files, alphabet), seed, epoch, share)
    rows = order[step * batch_size : (step + 1) * batch_size]
    names = list(_records(files).map(lambda record: _decode(record)[0]).as_numpy_iterator())
    return [names[row].decode() for row in rows]


def evaluation_batches(
    files: Sequence[str], alphabet: Alphabet, batch_size: int
) -> tf.data.Dataset:
    """Makes the batches of one pass in a fixed order, shaped as those of training."""
    images, classes = _load(tuple(files), alphabet)
    orders = tf.data.Dataset.range(len(classes)).batch(batch_size)
    return _gather(orders, images, classes).prefetch(tf.data.AUTOTUNE)


def _shuffle(count: int, seed: int, epoch: int, share: Share) -> np.ndarray:
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return order[share.index :: share.count]


def _gather(orders: tf.data.Dataset, images: tf.Tensor, classes: tf.Tensor) -> tf.data.Dataset:
    def take(order: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        return {IMAGE: tf.cast(tf.gather(images, order), tf.float32) / 255.0}, tf.gather(
            classes, order
        )

    return orders.map(take, num_parallel_calls=tf.data.AUTOTUNE)


def _gather_anew(
    orders: tf.data.Dataset,
    images: tf.Tensor,
    classes: tf.Tensor,
    augmentation: AugmentationOptions,
) -> tf.data.Dataset:
    def take(order: tf.Tensor, seed: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        def disturb(row: tf.Tensor) -> tf.Tensor:
            picture = tf.cast(images[row], tf.float32) / 255.0
            return augment(picture, example_seed(seed, row), augmentation, keep_width=True)

        side = images.shape[1]
        pictures = tf.map_fn(
            disturb, order, fn_output_signature=tf.TensorSpec([side, side, 1], tf.float32)
        )
        return {IMAGE: pictures}, tf.gather(classes, order)

    return orders.map(take, num_parallel_calls=tf.data.AUTOTUNE)


@functools.lru_cache(maxsize=2)  # training and validation
def _load(files: tuple[str, ...], alphabet: Alphabet) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the pictures, uint8 [n, 28, 28, 1], and classes, int32 [n], of a split."""
    images, classes = [], []
    batches = _records(files).map(_decode, num_parallel_calls=tf.data.AUTOTUNE).batch(_READ_AT_ONCE)
    for names, texts, pictures in tqdm(
        batches, desc="reading characters", leave=False, disable=None
    ):
        images.append(pictures.numpy())
        for name, text in zip(names.numpy(), texts.numpy(), strict=True):
            symbol = text.decode()
            if len(symbol) != 1 or symbol not in alphabet.symbols:
                raise InputError(
                    f"expected one character of the alphabet, got {symbol!r} in sample "
                    f"{name.decode()}: correct the label or declare the character"
                )
            classes.append(alphabet.symbols.index(symbol))
    if not classes:
        raise InputError(f"expected characters to train on, got none in {', '.join(files)}")
    return tf.constant(np.concatenate(images)), tf.constant(classes, tf.int32)


def _records(files: Sequence[str]) -> tf.data.Dataset:
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    return tf.data.TFRecordDataset(paths, compression_type="GZIP")


def _decode(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    parsed = tf.io.parse_single_example(record, _SPEC)
    picture = quantise_line(read_character(parsed[features.IMAGE]))[..., tf.newaxis]
    return parsed[features.SAMPLE_ID], parsed[features.TEXT], picture
