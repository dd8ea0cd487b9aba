"""Reads glyphs in EMNIST's official layout and splits them without sharing an image.

After `idx.py`, before the ExampleGens. The embedded sample is written in the same layout, so
this reader serves both.

Source of the layout: Cohen, Afshar, Tapson and van Schaik, "EMNIST: an extension of MNIST to
handwritten letters", 2017. The files carry no writer ids: a writer may be in both splits.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.ingest.idx import read_idx
from schema.errors import InputError
from schema.features import GLYPH_SIDE
from schema.splits import SPLITS, TEST, TRAIN

DEFAULT_VALIDATION_SHARE = 0.1

IMAGES_NAME = "emnist-{name}-{split}-images-idx3-ubyte.gz"
LABELS_NAME = "emnist-{name}-{split}-labels-idx1-ubyte.gz"
MAPPING_NAME = "emnist-{name}-mapping.txt"
FILE_SPLITS = (TRAIN, TEST)  # the splits that come as files of their own

_ANY_FILE = re.compile(
    r"emnist-(?P<name>[^-]+)-(?:mapping\.txt|(?:train|test)-(?:images-idx3|labels-idx1)-ubyte\.gz)"
)


@dataclass(frozen=True)
class EmnistFiles:
    """Where the five files of one data set lie; `name` is as in "byclass"."""

    name: str
    train_images: Path
    train_labels: Path
    test_images: Path
    test_labels: Path
    mapping: Path


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


@dataclass(frozen=True)
class GlyphSplits:
    """Glyphs by split, no image twice; `duplicates_dropped` counts by split what was left out."""

    train: Glyphs
    validation: Glyphs
    test: Glyphs
    duplicates_dropped: dict[str, int]


def find_emnist(folder: Path, name: str | None = None) -> EmnistFiles:
    """Finds the five files of a data set.

    Args:
      folder: the unpacked files, as in the folder `gzip` of the official archive.
      name: which data set, as in "byclass"; needed only where the folder holds several.

    Raises:
      InputError: no data set, more than one and no name, or one of its files is missing.
    """
    found = {match["name"] for match in map(_ANY_FILE.fullmatch, _names_in(folder)) if match}
    if name is None:
        name = _only_name(found, folder)
    files = EmnistFiles(
        name=name,
        train_images=folder / IMAGES_NAME.format(name=name, split=TRAIN),
        train_labels=folder / LABELS_NAME.format(name=name, split=TRAIN),
        test_images=folder / IMAGES_NAME.format(name=name, split=TEST),
        test_labels=folder / LABELS_NAME.format(name=name, split=TEST),
        mapping=folder / MAPPING_NAME.format(name=name),
    )
    paths = [path for path in vars(files).values() if isinstance(path, Path)]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise InputError(
            f"expected the five files of the EMNIST data set {name!r}, got no "
            f"{', '.join(missing)} in {folder}: unpack the official archive there again"
        )
    return files


def read_emnist(
    files: EmnistFiles, validation_share: float = DEFAULT_VALIDATION_SHARE
) -> GlyphSplits:
    """Reads all glyphs, drops repeated images and carves validation out of train.

    The official split into train and test stays. An image that is in both stays in test; of
    repeats within a file the first stays, whatever their labels. Validation is chosen by a
    hash of the image, so it is the same however the file is ordered.

    Raises:
      InputError: files that contradict each other or the format; the first offender is named.
    """
    if not 0 <= validation_share < 1:
        raise InputError(
            f"expected a validation share from 0 to below 1, got {validation_share}: "
            f"the default is {DEFAULT_VALIDATION_SHARE}"
        )
    alphabet = _read_mapping(files.mapping)
    train = _read_glyphs(files.train_images, files.train_labels, files.mapping, alphabet)
    test = _read_glyphs(files.test_images, files.test_labels, files.mapping, alphabet)
    train_hashes, test_hashes = hash_images(train.images), hash_images(test.images)
    keep_train = _first_of_each(train_hashes) & ~np.isin(train_hashes, test_hashes)
    keep_test = _first_of_each(test_hashes)
    # The hash is uniform over uint64, so this bound cuts off the wanted share.
    in_validation = train_hashes < np.uint64(int(validation_share * 2.0**64))
    dropped = dict.fromkeys(SPLITS, 0)
    dropped[TRAIN] = int(np.count_nonzero(~keep_train))
    dropped[TEST] = int(np.count_nonzero(~keep_test))
    return GlyphSplits(
        train=_select(train, keep_train & ~in_validation),
        validation=_select(train, keep_train & in_validation),
        test=_select(test, keep_test),
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


def _names_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError(
            f"expected a folder with EMNIST files, got none at {folder}: "
            "give the folder that holds the unpacked files"
        )
    return sorted(path.name for path in folder.iterdir())


def _only_name(found: set[str], folder: Path) -> str:
    if not found:
        raise InputError(
            f"expected files named {MAPPING_NAME.format(name='byclass')} and so on, got none "
            f"in {folder}: give the folder 'gzip' of the unpacked EMNIST archive"
        )
    if len(found) > 1:
        raise InputError(
            f"expected one EMNIST data set, got {', '.join(sorted(found))} in {folder}: "
            "move the five files of one into a folder of their own, or give its name"
        )
    return found.pop()


def _read_mapping(path: Path) -> np.ndarray:
    """Returns the character of each label as [256] strings, "" where there is none."""
    alphabet = np.zeros(256, dtype="<U1")
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a readable mapping in ASCII, got {error} in {path}: fetch it again"
        ) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            label, code = (int(field) for field in line.split()[:2])
            character = chr(code)
            usable = 0 <= label < len(alphabet) and character.isprintable() and not alphabet[label]
        except (ValueError, OverflowError):
            usable = False
        if not usable:
            raise InputError(
                f"expected a new label from 0 to 255 and a printable character's code, "
                f"got {line!r} in line {number} of {path}: fetch or mend the mapping"
            )
        alphabet[label] = character
    return alphabet


def _read_glyphs(
    images_path: Path, labels_path: Path, mapping_path: Path, alphabet: np.ndarray
) -> Glyphs:
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.shape[1:] != (GLYPH_SIDE, GLYPH_SIDE) or labels.ndim != 1:
        raise InputError(
            f"expected images of shape (n, 28, 28) and labels of shape (n,), got {images.shape} "
            f"in {images_path} and {labels.shape} in {labels_path}: fetch the files again"
        )
    if len(images) != len(labels) or not len(images):
        raise InputError(
            f"expected one label an image and at least one image, got {len(images)} images in "
            f"{images_path} and {len(labels)} labels in {labels_path}: fetch the files again"
        )
    characters = alphabet[labels]
    unknown = np.flatnonzero(characters == "")
    if len(unknown):
        first = int(unknown[0])
        raise InputError(
            f"expected labels listed in {mapping_path}, got {len(unknown)} others, the first "
            f"{labels[first]} at index {first} in {labels_path}: use the mapping of this data set"
        )
    # EMNIST stores columns first: transpose to upright.
    return Glyphs(np.ascontiguousarray(images.transpose(0, 2, 1)), characters)  # [n, 28, 28]


def _first_of_each(hashes: np.ndarray) -> np.ndarray:
    """Returns a mask that is true where a value occurs for the first time."""
    mask = np.zeros(len(hashes), dtype=bool)
    mask[np.unique(hashes, return_index=True)[1]] = True
    return mask


def _select(glyphs: Glyphs, mask: np.ndarray) -> Glyphs:
    return Glyphs(glyphs.images[mask], glyphs.characters[mask])
