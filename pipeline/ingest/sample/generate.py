"""Lays the sample out as a folder of EMNIST files, once, and recognises it afterwards.

The top of the package: `writer.py` writes the glyphs, in the processes of `processes.py`, `idx.py`
the files.
"""

import hashlib
import json
import os
import shutil
import string
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pipeline.ingest.dates import date_by_content
from pipeline.ingest.emnist_files import FILE_SPLITS, IMAGES_NAME, LABELS_NAME, MAPPING_NAME
from pipeline.ingest.idx import write_idx
from pipeline.ingest.sample.processes import Spread, share_out
from pipeline.ingest.sample.writer import write_text
from schema.errors import InputError
from schema.features import GLYPH_SIDE
from schema.splits import TRAIN

NAME = "sample"
MANIFEST_NAME = "manifest.json"
PUNCTUATION = ".,'-?!:;()&\""
CLASSES = string.digits + string.ascii_uppercase + string.ascii_lowercase + PUNCTUATION
"""EMNIST ByClass in its order, then the punctuation that every font of the sample draws."""

GENERATOR_VERSION = 1
"""Raise it with every change of the glyphs, so that kept samples are made again."""

_DISTRIBUTIONS = (
    "numpy",
    "pillow",
    "handwriting-generator",
    "font-intuitive",
    "font-amatic-sc",
    "Hershey-Fonts",
)
_FILES = frozenset(
    pattern.format(name=NAME, split=split)
    for pattern in (IMAGES_NAME, LABELS_NAME, MAPPING_NAME)
    for split in FILE_SPLITS
)


@dataclass(frozen=True)
class SampleSize:
    """How much to generate; the defaults take 16 processor seconds, shared out.

    Args:
      train_per_class: glyphs of each class in the train file.
      test_per_class: the same for the test file.
      train_writers: simulated writers of the train file.
      test_writers: other writers, of the test file.
    """

    train_per_class: int = 170
    test_per_class: int = 40
    train_writers: int = 60
    test_writers: int = 15

    def __post_init__(self) -> None:
        too_small = {name: value for name, value in asdict(self).items() if value < 1}
        if too_small:
            raise InputError(f"expected sample sizes of at least 1, got {too_small}: raise them")

    def of(self, split: str) -> tuple[int, int]:
        """Returns the glyphs of each class and the writers of the split."""
        if split == TRAIN:
            return self.train_per_class, self.train_writers
        return self.test_per_class, self.test_writers


DEFAULT_SIZE = SampleSize()


def ensure_sample(folder: Path, seed: int = 0, size: SampleSize = DEFAULT_SIZE) -> Path:
    """Makes sure that the folder holds the sample, and returns the folder.

    A folder whose manifest and file hashes fit is left alone. Any other is made anew beside it
    and moved there whole, so that a generation that was cut short leaves nothing half done.

    Args:
      folder: where the sample lies or shall lie; nothing else may be in it.
      seed: the same seed gives the same bytes with the same versions of the packages.
      size: how many glyphs and writers.

    Raises:
      InputError: the folder holds files of somebody else, or the seed is negative.
    """
    if seed < 0:
        raise InputError(f"expected a seed of at least 0, got {seed}: give another")
    key = _describe(seed, size)
    if _is_valid(folder, key):
        return folder
    _refuse_foreign_files(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
        _generate(partial, seed, size)
        _write_manifest(partial, key)
        date_by_content(partial)
        if not _is_valid(folder, key):  # another process may have been faster
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _describe(seed: int, size: SampleSize) -> dict[str, object]:
    """Returns all that the bytes of the sample depend on."""
    try:
        packages = {name: version(name) for name in _DISTRIBUTIONS}
    except PackageNotFoundError as error:
        raise InputError(
            f"expected the packages that the sample is made from, got no {error.name}: "
            "install the project with its dependencies again"
        ) from None
    return {
        "generator_version": GENERATOR_VERSION,
        "seed": seed,
        **asdict(size),
        "classes": CLASSES,
        "packages": packages,
    }


def _is_valid(folder: Path, key: dict[str, object]) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        return bool(manifest == {"made_from": key, "sha256": _hash_files(folder)})
    except (OSError, ValueError):
        return False


def _hash_files(folder: Path) -> dict[str, str]:
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(_FILES)
    }


def _write_manifest(folder: Path, key: dict[str, object]) -> None:
    content = {"made_from": key, "sha256": _hash_files(folder)}
    (folder / MANIFEST_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _refuse_foreign_files(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"expected a folder for the sample, got a file at {folder}: move it away")
    present = {path.name for path in folder.iterdir()} if folder.exists() else set()
    foreign = sorted(present - _FILES - {MANIFEST_NAME})
    if foreign:
        raise InputError(
            f"expected an empty folder or an earlier sample, got {', '.join(foreign[:3])} "
            f"in {folder}: give the sample a folder of its own"
        )


def _generate(folder: Path, seed: int, size: SampleSize) -> None:
    mapping = "".join(f"{label} {ord(character)}\n" for label, character in enumerate(CLASSES))
    (folder / MAPPING_NAME.format(name=NAME)).write_text(mapping, encoding="ascii")
    total = len(CLASSES) * sum(size.of(split)[0] for split in FILE_SPLITS)
    # disable=None: no bar where standard error is not a terminal.
    with (
        tqdm(total=total, desc="writing the sample", unit="glyph", disable=None) as progress,
        share_out(total) as spread,
    ):
        for number, split in enumerate(FILE_SPLITS):
            images, labels = _write_split((seed, number), *size.of(split), spread, progress)
            names = {"name": NAME, "split": split}
            # Columns first, as EMNIST stores them.
            write_idx(folder / IMAGES_NAME.format(**names), images.transpose(0, 2, 1))
            write_idx(folder / LABELS_NAME.format(**names), labels)


def _write_split(
    seed: tuple[int, ...], per_class: int, writer_count: int, spread: Spread, progress: tqdm
) -> tuple[np.ndarray, np.ndarray]:
    """Returns images [n, 28, 28] and labels [n], both uint8, in random order.

    Each class is shared out evenly among the writers, who write at the same time.
    """
    of_order, *of_writers = np.random.SeedSequence(seed).spawn(writer_count + 1)
    order = np.random.default_rng(of_order)
    labels = order.permutation(np.repeat(np.arange(len(CLASSES), dtype=np.uint8), per_class))
    # Where each class goes on in the round of writers.
    turns = order.integers(writer_count, size=len(CLASSES))
    places: list[list[int]] = [[] for _ in of_writers]
    for place, label in enumerate(labels):
        places[turns[label] % writer_count].append(place)
        turns[label] += 1
    texts = ["".join(CLASSES[label] for label in labels[each]) for each in places]
    images = np.empty((len(labels), GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    written = spread(write_text, range(writer_count), of_writers, texts)
    for each, glyphs in zip(places, written, strict=True):
        images[each] = glyphs
        progress.update(len(each))
    return images, labels
