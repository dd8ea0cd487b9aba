"""Reads glyphs in EMNIST's official layout and splits them without sharing an image.

After `idx.py` and `emnist_files.py`, before the ExampleGens. `index_emnist` tells which glyph is
in which split and keeps no image; `read_emnist` reads the images as well. The embedded sample is
written in the same layout, so this reader serves both.

Source of the layout: Cohen, Afshar, Tapson and van Schaik, "EMNIST: an extension of MNIST to
handwritten letters", 2017. The files carry no writer ids: a writer may be in both splits.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pipeline.ingest.emnist_files import EmnistFiles, read_mapping
from pipeline.ingest.idx import read_idx, stream_idx
from schema.errors import InputError
from schema.features import GLYPH_SIDE
from schema.splits import SPLITS, TEST, TRAIN

DEFAULT_VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Glyphs:
    """Upright glyph images and what each shows.

    Args:
      images: [n, 28, 28], uint8, ink 255 on paper 0.
      characters: [n], each a string of one character.
    """

    images: np.ndarray
    characters: np.ndarray

    def __len__(self) -> int:
        return len(self.characters)

    def select(self, kept: np.ndarray) -> "Glyphs":
        """Returns some of the glyphs: `kept` is a mask [n], or numbers."""
        return Glyphs(self.images[kept], self.characters[kept])


@dataclass(frozen=True)
class GlyphSplits:
    """Glyphs by split, no image twice; `duplicates_dropped` counts by split what was left out."""

    train: Glyphs
    validation: Glyphs
    test: Glyphs
    duplicates_dropped: dict[str, int]


@dataclass(frozen=True)
class GlyphIndex:
    """The glyphs of one split without their images.

    Args:
      images_path: the file that holds the images.
      positions: [n], int64, rising: where in the file each glyph is.
      characters: [n], each a string of one character.
    """

    images_path: Path
    positions: np.ndarray
    characters: np.ndarray

    def __len__(self) -> int:
        return len(self.characters)

    def select(self, kept: np.ndarray) -> "GlyphIndex":
        """Returns some of the glyphs: `kept` is a mask [n], or rising numbers."""
        return GlyphIndex(self.images_path, self.positions[kept], self.characters[kept])

    def stream(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yields which glyphs come next, and their upright images: [m, 28, 28], uint8."""
        first = 0
        for block in stream_idx(self.images_path):
            low, high = np.searchsorted(self.positions, [first, first + len(block)])
            if low < high:
                yield slice(low, high), _upright(block[self.positions[low:high] - first])
            first += len(block)


@dataclass(frozen=True)
class EmnistIndex:
    """Glyphs by split, no image twice; `duplicates_dropped` counts by split what was left out."""

    train: GlyphIndex
    validation: GlyphIndex
    test: GlyphIndex
    duplicates_dropped: dict[str, int]


def read_emnist(
    files: EmnistFiles, validation_share: float = DEFAULT_VALIDATION_SHARE
) -> GlyphSplits:
    """Reads all glyphs of a data set into memory; arguments and errors as of `index_emnist`."""
    index = index_emnist(files, validation_share)
    return GlyphSplits(
        train=read_glyphs(index.train),
        validation=read_glyphs(index.validation),
        test=read_glyphs(index.test),
        duplicates_dropped=index.duplicates_dropped,
    )


def read_glyphs(index: GlyphIndex) -> Glyphs:
    """Reads the images of a split."""
    images = np.empty((len(index), GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    for rows, block in index.stream():
        images[rows] = block
    return Glyphs(images, index.characters)


def index_emnist(
    files: EmnistFiles, validation_share: float = DEFAULT_VALIDATION_SHARE
) -> EmnistIndex:
    """Looks at all glyphs once, drops repeated images and carves validation out of train.

    The official split into train and test stays. An image that is in both stays in test; of
    repeats within a file the first stays, whatever their labels. Validation is chosen by a
    hash of the image, so it is the same however the file is ordered. Images are streamed: what
    stays in memory is a hash and a label for each.

    Raises:
      InputError: files that contradict each other or the format; the first offender is named.
    """
    if not 0 <= validation_share < 1:
        raise InputError(
            f"expected a validation share from 0 to below 1, got {validation_share}: "
            f"the default is {DEFAULT_VALIDATION_SHARE}"
        )
    alphabet = read_mapping(files.mapping)
    train, train_hashes = _index_file(files.train_images, files.train_labels, files, alphabet)
    test, test_hashes = _index_file(files.test_images, files.test_labels, files, alphabet)
    keep_train = _first_of_each(train_hashes) & ~np.isin(train_hashes, test_hashes)
    keep_test = _first_of_each(test_hashes)
    # The hash is uniform over uint64, so this bound cuts off the wanted share.
    in_validation = train_hashes < np.uint64(int(validation_share * 2.0**64))
    dropped = dict.fromkeys(SPLITS, 0)
    dropped[TRAIN] = int(np.count_nonzero(~keep_train))
    dropped[TEST] = int(np.count_nonzero(~keep_test))
    return EmnistIndex(
        train=train.select(keep_train & ~in_validation),
        validation=train.select(keep_train & in_validation),
        test=test.select(keep_test),
        duplicates_dropped=dropped,
    )


def hash_images(images: np.ndarray) -> np.ndarray:
    """Returns a 64-bit content hash of each image.

    Among the 814,255 glyphs of EMNIST ByClass two different ones collide with a chance of
    2 in 100 million, and then one glyph too many is dropped.

    Args:
      images: [n, height, width], uint8.

    Returns:
      [n], uint64.
    """
    rows = np.ascontiguousarray(images).reshape(len(images), -1)  # [n, height * width]
    digests = b"".join(hashlib.blake2b(row, digest_size=8).digest() for row in rows)
    return np.frombuffer(digests, "<u8")  # the same on every machine


def _index_file(
    images_path: Path, labels_path: Path, files: EmnistFiles, alphabet: np.ndarray
) -> tuple[GlyphIndex, np.ndarray]:
    """Returns all glyphs of a file and the hash of each upright image: [n], uint64."""
    labels = read_idx(labels_path)
    hashes = []
    with tqdm(
        desc=images_path.name, total=len(labels), unit="glyph", disable=None, leave=False
    ) as bar:
        for block in stream_idx(images_path):
            _check_shapes(block, labels, images_path, labels_path)
            hashes.append(hash_images(_upright(block)))
            bar.update(len(block))
    count = sum(map(len, hashes))
    if len(labels) != count or not count:
        raise InputError(
            f"expected one label an image and at least one image, got {count} images in "
            f"{images_path} and {len(labels)} labels in {labels_path}: fetch the files again"
        )
    characters = alphabet[labels]
    unknown = np.flatnonzero(characters == "")
    if len(unknown):
        first = int(unknown[0])
        raise InputError(
            f"expected labels listed in {files.mapping}, got {len(unknown)} others, the first "
            f"{labels[first]} at index {first} in {labels_path}: use the mapping of this data set"
        )
    return GlyphIndex(images_path, np.arange(count), characters), np.concatenate(hashes)


def _check_shapes(
    block: np.ndarray, labels: np.ndarray, images_path: Path, labels_path: Path
) -> None:
    if block.shape[1:] != (GLYPH_SIDE, GLYPH_SIDE) or labels.ndim != 1:
        raise InputError(
            f"expected images of 28 x 28 and one label each, got items of shape "
            f"{block.shape[1:]} in {images_path} and {labels.shape[1:]} in {labels_path}: "
            "fetch the files again"
        )


def _upright(images: np.ndarray) -> np.ndarray:
    """Undoes EMNIST's order, columns first: [n, 28, 28] to [n, 28, 28]."""
    return np.ascontiguousarray(images.transpose(0, 2, 1))


def _first_of_each(hashes: np.ndarray) -> np.ndarray:
    """Returns a mask that is true where a value occurs for the first time."""
    mask = np.zeros(len(hashes), dtype=bool)
    mask[np.unique(hashes, return_index=True)[1]] = True
    return mask
