"""Transformed pages on disk -> batches of crops to train on, and whole pages to validate on.

Between Transform and the network `fcn`. Pictures pass through `transforms.page_image`, as in
serving.
"""

import functools
from collections.abc import Sequence

import tensorflow as tf

from schema import features
from schema.errors import InputError
from trainer_module.detector_loss import stack_maps
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.networks.fcn import STRIDE
from trainer_module.seeds import epoch_seed
from trainer_module.share import WHOLE, Share
from transforms.band_bytes import unpack_bands
from transforms.band_maps import draw_bands
from transforms.image import decode_image
from transforms.page_crop import cut_crop
from transforms.page_image import normalise_page
from transforms.tracing import traced

_SHUFFLE_PAGES = 64  # PNG bytes of some 500 kB each
_SHUFFLE_CROPS = 64  # float32 of 1 MB each, and their maps
_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.LINE_BANDS: tf.io.FixedLenFeature([], tf.string),
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
}


def count_pages(files: Sequence[str]) -> int:
    """Returns the number of pages in a split.

    Raises:
      InputError: there is none.
    """
    count = int(_records(files).reduce(0, lambda number, _: number + 1))
    if not count:
        raise InputError(f"expected pages to train on, got none in {', '.join(files)}")
    return count


def training_batches(
    files: Sequence[str],
    hyperparameters: FcnHyperparameters,
    seed: int,
    first_epoch: int,
    last_epoch: int,
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """Makes the batches of some epochs, each decided by the seed and its number alone.

    Returns:
      crops float32 [n, crop, crop, 1], and their maps as `DetectorLoss` wants them.
    """
    numbers = range(first_epoch, last_epoch)
    epochs = (_epoch(files, hyperparameters, seed, number, share) for number in numbers)
    batches = functools.reduce(tf.data.Dataset.concatenate, epochs)
    return batches.map(lambda _, crops, maps: (crops, maps)).prefetch(2)


def name_batch(
    files: Sequence[str],
    hyperparameters: FcnHyperparameters,
    seed: int,
    epoch: int,
    step: int,
    share: Share = WHOLE,
) -> list[str]:
    """Returns the sample ids of the pages in one of these batches, by making it again."""
    [(names, _, _)] = _epoch(files, hyperparameters, seed, epoch, share).skip(step).take(1)
    return [name.decode() for name in names.numpy()]


def validation_pages(files: Sequence[str]) -> tf.data.Dataset:
    """Makes one pass over whole pages.

    Returns:
      page float32 [h, w, 1], bands float32 [lines, line_bands.COLUMNS].
    """
    return _records(files).map(_read, num_parallel_calls=tf.data.AUTOTUNE).prefetch(1)


def draw_maps(bands: tf.Tensor, height: tf.Tensor | int, width: tf.Tensor | int) -> tf.Tensor:
    """Draws what `DetectorLoss` compares a page of so many pixels with."""
    rows, columns = (height + STRIDE - 1) // STRIDE, (width + STRIDE - 1) // STRIDE
    return stack_maps(draw_bands(bands, rows, columns, STRIDE))


def _epoch(
    files: Sequence[str], hyperparameters: FcnHyperparameters, seed: int, epoch: int, share: Share
) -> tf.data.Dataset:
    """Makes an epoch's batches of sample ids, crops and maps."""
    # Keras looks at the first batch before it starts over: the same order then, not another.
    decisive = {"seed": epoch_seed(seed, epoch), "reshuffle_each_iteration": False}
    chance = tf.constant(decisive["seed"], tf.int64)
    pages = _records(files).shuffle(_SHUFFLE_PAGES, **decisive).enumerate()
    pages = pages.shard(share.count, share.index)
    crops = pages.map(
        lambda number, record: _cut(record, tf.stack([chance, number]), hyperparameters),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    shuffled = crops.unbatch().shuffle(_SHUFFLE_CROPS, **decisive)
    return shuffled.batch(hyperparameters.batch_size)


@traced  # one graph for all epochs: each would otherwise be traced apart
def _cut(
    record: tf.Tensor, page_seed: tf.Tensor, hyperparameters: FcnHyperparameters
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Cuts a page's crops: sample ids [k], crops [k, crop, crop, 1] and their maps."""
    crops, maps = _cut_crops(*_read(record), page_seed, hyperparameters)
    name = tf.io.parse_single_example(record, _SPEC)[features.SAMPLE_ID]
    return tf.fill([hyperparameters.crops_of_page], name), crops, maps


def _records(files: Sequence[str]) -> tf.data.Dataset:
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    return tf.data.TFRecordDataset(paths, compression_type="GZIP")


def _read(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    parsed = tf.io.parse_single_example(record, _SPEC)
    page = normalise_page(decode_image(parsed[features.IMAGE]))
    return page, unpack_bands(parsed[features.LINE_BANDS])


def _cut_crops(
    page: tf.Tensor, bands: tf.Tensor, seed: tf.Tensor, hyperparameters: FcnHyperparameters
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cuts an epoch's crops out of a page: [k, crop, crop, 1] and [k, h, w, 4]."""
    side = hyperparameters.crop
    crops, maps = [], []
    for number in range(hyperparameters.crops_of_page):
        crop, moved = cut_crop(
            page,
            bands,
            tf.random.experimental.stateless_fold_in(seed, number),
            side,
            hyperparameters.max_turn,
            hyperparameters.max_zoom,
        )
        crops.append(crop)
        maps.append(draw_maps(moved, side, side))
    return tf.stack(crops), tf.stack(maps)
