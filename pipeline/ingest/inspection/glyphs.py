"""Looks at data sets in EMNIST's layout, in a folder or in the official archive."""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.ingest.download import verify
from pipeline.ingest.emnist import EmnistIndex, GlyphIndex, index_emnist, read_glyphs
from pipeline.ingest.emnist_archive import DATA_SETS, EMNIST, MERGED_CASES, unpack_data_set
from pipeline.ingest.emnist_files import MAPPING_NAME, find_emnist, find_names
from pipeline.ingest.inspection import Finding, Panel
from pipeline.ingest.records import Problem
from schema.errors import InputError
from schema.splits import SPLITS

GLYPHS_SHOWN = 20
"""Glyphs of each class on the contact sheet."""

_ENLARGED = 1.5


def inspect_emnist(folder: Path) -> list[Finding]:
    """Looks at every data set in a folder of unpacked files.

    Raises:
      InputError: none of them can be used.
    """
    findings, errors = [], []
    for name in find_names(folder):
        try:
            findings.append(_inspect(name, index_emnist(find_emnist(folder, name))))
        except InputError as error:
            errors.append(error)
            findings.append(
                Finding(f"EMNIST {name}", (("glyphs", "none"),), _as_problem(name, error), ())
            )
    if len(errors) == len(findings):
        raise errors[0]
    return findings


def inspect_archive(archive: Path, sha256: str = EMNIST.sha256) -> list[Finding]:
    """Looks at every data set of an archive, unpacking one at a time into a temporary folder.

    Args:
      archive: the zip file.
      sha256: what the official one hashes to; another one is a problem, and looked at all the same.

    Raises:
      InputError: no zip archive, or none of EMNIST's data sets can be used.
    """
    problems: tuple[Problem, ...] = ()
    try:
        verify(archive, sha256)
    except InputError as error:
        problems = _as_problem(archive.name, error)
    names = _names_in(archive)
    findings = [
        Finding(f"EMNIST archive {archive}", (("data sets", ", ".join(names)),), problems, ())
    ]
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            unpack_data_set(archive, name, Path(folder))
            findings += inspect_emnist(Path(folder))
    return findings


def _names_in(archive: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as members:
            files = {member.rpartition("/")[2] for member in members.namelist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(
            f"expected a zip archive, got {error} in {archive}: fetch it again"
        ) from None
    names = [name for name in DATA_SETS if MAPPING_NAME.format(name=name) in files]
    if not names:
        raise InputError(
            f"expected the data sets of EMNIST, got none in {archive}: fetch the official archive"
        )
    return names


def _inspect(name: str, index: EmnistIndex) -> Finding:
    counts = {split: len(getattr(index, split)) for split in SPLITS}
    classes, sizes = np.unique(index.train.characters, return_counts=True)
    fewest, most = int(sizes.argmin()), int(sizes.argmax())
    facts = {
        "glyphs": ", ".join(f"{split} {count:,}" for split, count in counts.items()),
        "splits": "train and test are official; validation is a tenth of train",
        "duplicates": ", ".join(f"{s} {n:,}" for s, n in index.duplicates_dropped.items()),
        "alphabet": f"{len(classes)} characters: {''.join(classes.tolist())}",
        "glyphs a class": f"in train {sizes[fewest]:,} of {classes[fewest]!r} to {sizes[most]:,} "
        f"of {classes[most]!r}, median {int(np.median(sizes)):,}",
        "writers": "not known: the files carry no ids",
    }
    if name in MERGED_CASES:
        facts["merged"] = f"one class for both cases of {MERGED_CASES[name]}"
    return Finding(f"EMNIST {name}", tuple(facts.items()), (), tuple(_panels(index.train)))


def _panels(glyphs: GlyphIndex) -> Iterator[Panel]:
    """Yields some glyphs of each class, drawn at random; the file is read once."""
    order = np.random.default_rng(0).permutation(len(glyphs))
    shuffled = glyphs.characters[order]
    classes = np.unique(shuffled)
    chosen = [order[shuffled == character][:GLYPHS_SHOWN] for character in classes]
    shown = read_glyphs(glyphs.select(np.sort(np.concatenate(chosen))))
    for character in classes:
        row = np.concatenate(shown.images[shown.characters == character], axis=1)  # [28, n * 28]
        picture = Image.fromarray(255 - row)
        size = round(_ENLARGED * picture.width), round(_ENLARGED * picture.height)
        yield Panel(picture.resize(size), str(character))


def _as_problem(what: str, error: InputError) -> tuple[Problem, ...]:
    return (Problem(what, "", str(error)),)
