"""Recognises what a folder or file of data is, by the files that are in it."""

from pathlib import Path

from pipeline.ingest.emnist_archive import ARCHIVE_NAME
from pipeline.ingest.emnist_files import find_names
from pipeline.ingest.iam_files import find_parts
from pipeline.ingest.iam_plan import LINES_FILE
from pipeline.ingest.line_folder import TEXT_SUFFIX
from pipeline.ingest.record_sources import FOLDER, IAM, LABELED, PAGES
from pipeline.ingest.spans import find_spans
from schema.errors import InputError

EMNIST, EMNIST_ARCHIVE = "emnist", "emnist-archive"
ARCHIVE_NAMES = (ARCHIVE_NAME, "gzip.zip")
"""The official archive as this project keeps it, and as it is published."""


def recognise(path: Path) -> tuple[str, Path]:
    """Returns the kind of data, and where exactly it is.

    Returns:
      `EMNIST`, `EMNIST_ARCHIVE` or one of the sources of real lines, as in "pages"; and the folder,
      or the archive inside it.

    Raises:
      InputError: there is nothing, or nothing that is known.
    """
    if path.is_file() and path.suffix == ".zip":
        return EMNIST_ARCHIVE, path
    if not path.is_dir():
        raise InputError(f"expected a folder or an EMNIST archive, got none at {path}: correct it")
    if find_names(path):
        return EMNIST, path
    for name in ARCHIVE_NAMES:
        if (path / name).is_file():
            return EMNIST_ARCHIVE, path / name
    if (path / LINES_FILE).is_file() or (find_parts(path, "xml") and find_parts(path, "lines")):
        return IAM, path
    if find_spans(path):
        return LABELED, path
    for pattern, kind in ((f"*{TEXT_SUFFIX}", FOLDER), ("*.xml", PAGES)):
        if next(path.rglob(pattern), None):
            return kind, path
    raise InputError(
        f"expected EMNIST's files or archive, IAM's {LINES_FILE}, folders span-N, pictures with "
        f"{TEXT_SUFFIX} or pages in XML, got none of them in {path}: give the folder that has them"
    )
