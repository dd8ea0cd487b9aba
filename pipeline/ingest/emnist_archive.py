"""Fetches the official EMNIST archive, checks it, and reads one data set out of it.

Before `emnist.py`: that reads a folder of five files, this gets them out of the archive of all
thirty. Nothing is believed about the archive until its SHA-256 is right, at every use.
"""

import filecmp
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.dates import date_by_content
from pipeline.ingest.download import fetch, verify
from pipeline.ingest.emnist_files import FILE_SPLITS, IMAGES_NAME, LABELS_NAME, MAPPING_NAME
from schema.errors import InputError


@dataclass(frozen=True)
class Download:
    """A published file: where it is, how to know it, and on what terms it may be used."""

    url: str
    size: int  # bytes
    sha256: str
    licence: str
    citation: str


# Size and SHA-256 as TensorFlow Datasets records them (url_checksums/emnist.txt), there for
# NIST's older address https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/gzip.zip.
EMNIST = Download(
    url="https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
    size=561_753_746,
    sha256="fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
    licence="public domain (derived from NIST Special Database 19)",
    citation=(
        "G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "
        '"EMNIST: an extension of MNIST to handwritten letters", 2017, arXiv:1702.05373'
    ),
)

DATA_SETS = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")

_LIKE_CAPITALS = "CIJKLMOPSUVWXYZ"  # written alike in both cases, one class in two data sets
MERGED_CASES = {
    "bymerge": _LIKE_CAPITALS,
    "balanced": _LIKE_CAPITALS,
    "letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
"""Data set -> capitals whose class holds small letters too.

The glyph of such a class may show either case, and its character is the capital, the first code
of the mapping. Labels of "letters" start at 1, and its mapping names both codes.
"""

ARCHIVE_NAME = "emnist-gzip.zip"

_MEMBER_FOLDER = "gzip/"
_BLOCK = 1 << 20  # bytes
_BY_HAND = "fetch it by hand and unpack it, and give the folder with --data-dir"


def fetch_archive(cache: Path, url: str = EMNIST.url, sha256: str = EMNIST.sha256) -> Path:
    """Returns the checked archive, downloading what is not there yet.

    An interrupted download is taken up where it broke off, now or in the next call.

    Args:
      cache: folder for the archive; made if it is missing.
      url: where it is published.
      sha256: what it must hash to, in hexadecimal.

    Raises:
      InputError: no network, a download that broke off, or contents that are not the archive.
    """
    archive = cache / ARCHIVE_NAME
    fetch(url, archive, sha256, _BY_HAND)
    return archive


def take_data_set(archive: Path, name: str, sha256: str = EMNIST.sha256) -> Path:
    """Returns a folder beside the archive with the five files of one data set, and no others.

    Args:
      archive: as `fetch_archive` returns it; checked at every use.
      name: one of `DATA_SETS`.
      sha256: what the archive must hash to.

    Raises:
      InputError: another archive, an unknown name, or contents that are no EMNIST.
    """
    if name not in DATA_SETS:
        raise InputError(f"expected one of {', '.join(DATA_SETS)}, got {name!r}: choose one")
    verify(archive, sha256)
    folder = archive.parent / name
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=archive.parent) as unfinished:
        unpacked = Path(unfinished) / name
        unpacked.mkdir()
        unpack_data_set(archive, name, unpacked)
        if not _same_files(unpacked, folder):
            date_by_content(unpacked)
            shutil.rmtree(folder, ignore_errors=True)
            unpacked.rename(folder)
    return folder


def _same_files(left: Path, right: Path) -> bool:
    """Tells whether both folders hold the same files, so that kept ones keep their times."""
    names = sorted(path.name for path in left.iterdir())
    if not right.is_dir() or sorted(path.name for path in right.iterdir()) != names:
        return False
    return all(filecmp.cmp(left / name, right / name, shallow=False) for name in names)


def unpack_data_set(archive: Path, name: str, folder: Path) -> None:
    """Writes the five files of a data set under names of our own, whatever else there is.

    Args:
      archive: the zip file, which is not checked here.
      name: one of `DATA_SETS`.
      folder: where they go.

    Raises:
      InputError: no such members, no zip archive, or no room.
    """
    names = [MAPPING_NAME.format(name=name)]
    for split in FILE_SPLITS:
        names += [form.format(name=name, split=split) for form in (IMAGES_NAME, LABELS_NAME)]
    member = ""
    try:
        with zipfile.ZipFile(archive) as members:
            for file_name in names:
                member = _MEMBER_FOLDER + file_name
                with members.open(member) as source, (folder / file_name).open("wb") as target:
                    shutil.copyfileobj(source, target, _BLOCK)
    except KeyError:
        raise InputError(
            f"expected the member {member}, got none in {archive}: fetch the official archive"
        ) from None
    except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise InputError(
            f"expected a zip archive, got {error} in {archive}: delete it and fetch it again"
        ) from None
    except OSError as error:
        raise InputError(
            f"expected room for the data set {name} in {folder.parent}, got {error.strerror}: "
            "make room there"
        ) from None
