"""Lists the files that a command line names, without opening them: files, folders, "-"."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from schema.errors import InputError

STANDARD_INPUT = "-"
PDF_SUFFIX = ".pdf"
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2"),
    PDF_SUFFIX,
)
"""Endings of the files that are taken from a folder; a file that is named may have any."""

_OF_MANY = (PDF_SUFFIX, ".tif", ".tiff")


@dataclass(frozen=True)
class Source:
    """A file to read, which may hold several pages.

    Args:
      name: as it was given, for people; bytes that are no text are replaced.
      path: None for standard input.
      target: path of what is written for it, without an ending, within the output folder.
    """

    name: str
    path: Path | None
    target: PurePath


def list_sources(names: Sequence[str]) -> list[Source]:
    """Returns the named files, and those in the named folders and below by path.

    Raises:
      InputError: a folder holds no picture, or two files would be written to the same place.
    """
    sources = [source for name in names for source in _sources(name)]
    targets: dict[PurePath, Source] = {}
    for source in sources:
        other = targets.setdefault(source.target, source)
        if other is not source:
            raise InputError(
                f"expected pictures that differ in their names without the ending, got "
                f"{other.name} and {source.name}: rename one, or have them read apart"
            )
    return sources


def may_be_many(names: Sequence[str]) -> bool:
    """Tells whether more than one picture may come of what was named."""
    if len(names) != 1:
        return True
    path = Path(names[0])
    return names[0] == STANDARD_INPUT or path.is_dir() or path.suffix.lower() in _OF_MANY


def _sources(name: str) -> Iterator[Source]:
    if name == STANDARD_INPUT:
        yield Source("standard input", None, PurePath("stdin"))
        return
    path = Path(name)
    if not path.is_dir():
        yield Source(_shown(path), path, PurePath(path.stem))
        return
    found = sorted(
        file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()
    )
    if not found:
        raise InputError(
            f"expected pictures or PDF files in {_shown(path)}, got none: "
            "name another folder, or the files"
        )
    for file in found:
        yield Source(_shown(file), file, file.relative_to(path).with_suffix(""))


def _shown(path: Path) -> str:
    """Returns a path as text that any output takes: file names are bytes of any kind."""
    return os.fsencode(path).decode("utf-8", "replace")
