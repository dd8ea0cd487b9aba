"""The files of a data set in EMNIST's official layout: which there are, and what labels mean.

Below `emnist.py`, which reads the glyphs. The embedded sample is written under the same names.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from schema.errors import InputError
from schema.splits import TEST, TRAIN

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


def find_names(folder: Path) -> list[str]:
    """Returns the names of the data sets of which a folder holds any file, as in "byclass"."""
    return sorted({match["name"] for match in map(_ANY_FILE.fullmatch, _names_in(folder)) if match})


def find_emnist(folder: Path, name: str | None = None) -> EmnistFiles:
    """Finds the five files of a data set.

    Args:
      folder: the unpacked files, as in the folder `gzip` of the official archive.
      name: which data set, as in "byclass"; needed only where the folder holds several.

    Raises:
      InputError: no data set, more than one and no name, or one of its files is missing.
    """
    found = find_names(folder)
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


def read_mapping(path: Path) -> np.ndarray:
    """Returns the character of each label as [256] strings, "" where there is none.

    Raises:
      InputError: no mapping, or one that is no pair of label and code in each line.
    """
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


def _names_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError(
            f"expected a folder with EMNIST files, got none at {folder}: "
            "give the folder that holds the unpacked files"
        )
    return sorted(path.name for path in folder.iterdir())


def _only_name(found: list[str], folder: Path) -> str:
    if not found:
        raise InputError(
            f"expected files named {MAPPING_NAME.format(name='byclass')} and so on, got none "
            f"in {folder}: give the folder 'gzip' of the unpacked EMNIST archive"
        )
    if len(found) > 1:
        raise InputError(
            f"expected one EMNIST data set, got {', '.join(found)} in {folder}: "
            "move the five files of one into a folder of their own, or give its name"
        )
    return found[0]
