"""Finds the files of a user's IAM copy, in folders or in the archives as IAM publishes them.

Below the IAM readers. An archive is read from front to back and never unpacked, so that no
name inside it can lead anywhere.
"""

import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.ingest.records import Problems
from schema.errors import InputError

ARCHIVE_SUFFIXES = (".tgz", ".tar.gz")
MAX_MEMBER_BYTES = 256 * 1024**2
"""Larger members are refused: IAM's largest, a scanned form, has a few million bytes."""

_DAMAGES = (tarfile.TarError, EOFError, zlib.error, OSError)


@dataclass(frozen=True)
class FoundFile:
    """A file where it was found.

    Args:
      stem: its name without folders and suffix, as in "a01-000u-00".
      where: how messages name it.
      read: returns its contents; of a member of an archive only before the next one is found.
    """

    stem: str
    where: str
    read: Callable[[], bytes]


def find_parts(folder: Path, pattern: str) -> list[Path]:
    """Returns the folders and archives of a part, as in "forms*"; a folder before its archive."""
    parts = {path.name: path for path in folder.glob(pattern) if path.is_dir()}
    for suffix in ARCHIVE_SUFFIXES:
        for path in folder.glob(pattern + suffix):
            parts.setdefault(path.name.removesuffix(suffix), path)
    return [parts[name] for name in sorted(parts)]


def find_part(folder: Path, name: str) -> Path:
    """Returns the folder or else the archive of a part.

    Raises:
      InputError: there is neither.
    """
    return _parts_there(folder, name)[0]


def stream_files(
    folder: Path, pattern: str, suffix: str, problems: Problems
) -> Iterator[FoundFile]:
    """Yields the files of a part that have a suffix; of a folder in the order of their paths.

    Raises:
      InputError: the part is missing, or an archive is damaged.
    """
    for part in _parts_there(folder, pattern):
        if not part.is_dir():
            yield from _stream_archive(part, suffix, problems)
            continue
        for path in sorted(part.rglob(f"*{suffix}")):
            if not path.name.startswith("."):
                where = str(path.relative_to(folder))
                yield FoundFile(path.stem, where, _reader(path.read_bytes, path))


def _parts_there(folder: Path, pattern: str) -> list[Path]:
    parts = find_parts(folder, pattern)
    if not parts:
        raise InputError(
            f"expected {pattern}/ or {pattern}.tgz, got neither in {folder}: "
            "put IAM's archive there, unpacked or as it is"
        )
    return parts


def _stream_archive(path: Path, suffix: str, problems: Problems) -> Iterator[FoundFile]:
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if member.isdir():
                    continue
                if reason := _refusal(member, name):
                    problems.leave_out(path.name, member.name, reason)
                elif name.suffix == suffix and not name.name.startswith("."):
                    file = archive.extractfile(member)
                    if file is not None:  # it is a plain file
                        where = f"{path.name}/{name}"
                        yield FoundFile(name.stem, where, _reader(file.read, path))
    except _DAMAGES as error:
        raise _damaged(path, error) from None


def _refusal(member: tarfile.TarInfo, name: PurePosixPath) -> str:
    """Returns why a member is not taken, "" if it is."""
    if not member.isreg():
        return "expected a plain file, got a link or a device: pack the archive without it"
    if name.is_absolute() or ".." in name.parts or "\\" in member.name:
        return "expected a path inside the archive, got one that leads out: fetch IAM's own"
    if member.size > MAX_MEMBER_BYTES:
        return (
            f"expected at most {MAX_MEMBER_BYTES} bytes, got {member.size}: fetch the archive again"
        )
    return ""


def _reader(read: Callable[[], bytes], path: Path) -> Callable[[], bytes]:
    """Returns `read` with the errors of a damaged file named."""

    def named() -> bytes:
        try:
            return read()
        except _DAMAGES as error:
            raise _damaged(path, error) from None

    return named


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"expected a complete file, got {error} in {path}: fetch it again")
