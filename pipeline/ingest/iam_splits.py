"""The two ways of splitting IAM, by name, read from lists that the user has.

Beside `iam.py`. Figures on one split say nothing about the other, so the lists of one are never
taken for the other's.
"""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from schema.errors import InputError
from schema.splits import TEST, TRAIN, VALIDATION

LWITLRT = "lwitlrt"
"""The official large-writer-independent text line recognition task: lists of lines."""
AACHEN = "aachen"
"""The split of RWTH Aachen: lists of forms. They are no part of IAM; openslr.org/56 has them."""
SCHEMES = (LWITLRT, AACHEN)

TASK = "largeWriterIndependentTextLineRecognitionTask"
TASK_FILES = {
    "trainset.txt": TRAIN,
    "validationset1.txt": VALIDATION,
    "validationset2.txt": VALIDATION,
    "testset.txt": TEST,
}

_AACHEN_STEMS = {
    TRAIN: ("train", "tr"),
    VALIDATION: ("validation", "valid", "val", "va"),
    TEST: ("test", "te"),
}
_AACHEN_SUFFIXES = (".txt", ".lst", ".uttlist")

_FORM_ID = re.compile(r"[a-z]\d\d-\d{3}[a-z]*")
_LINE_ID = re.compile(_FORM_ID.pattern + r"-\d\d")
_MAX_LIST_BYTES = 1 << 20


@dataclass(frozen=True)
class SplitLists:
    """Which lines and forms are in which split.

    Args:
      scheme: one of `SCHEMES`.
      lines: line id -> split; empty where whole forms are listed.
      forms: form id -> split.
    """

    scheme: str
    lines: Mapping[str, str]
    forms: Mapping[str, str]

    def split_of_line(self, line_id: str) -> str | None:
        """Returns the split of a line, None if it is in no list."""
        if self.lines:
            return self.lines.get(line_id)
        return self.forms.get(form_of(line_id))


def form_of(line_id: str) -> str:
    """Returns the form of a line: "a01-000u" of "a01-000u-00"."""
    return line_id.rpartition("-")[0]


def read_splits(folder: Path, scheme: str, lists: Path | None = None) -> SplitLists:
    """Reads the lists of a scheme.

    Args:
      folder: the user's IAM copy.
      scheme: one of `SCHEMES`.
      lists: where the lists are, if not at their usual place in the copy: the folder or zip of
        the official task, or the folder "aachen" with one list for each of train, validation
        and test.

    Raises:
      InputError: an unknown scheme, missing, contradicting or other lists.
    """
    if scheme not in SCHEMES:
        raise InputError(f"expected one of the splits {', '.join(SCHEMES)}, got {scheme!r}")
    lines: dict[str, str] = {}
    forms: dict[str, str] = {}
    pattern, kind = (_LINE_ID, "line") if scheme == LWITLRT else (_FORM_ID, "form")
    found = _task_lists(folder, lists) if scheme == LWITLRT else _aachen_lists(folder, lists)
    for where, split, content in found:
        entries = content.decode("ascii", "replace").split()
        if not entries:
            raise InputError(f"expected {kind} ids, got an empty list in {where}: fetch it again")
        for entry in entries:
            if not pattern.fullmatch(entry):
                raise InputError(
                    f"expected {kind} ids for the split {scheme}, got {entry[:40]!r} in {where}: "
                    "give the lists of this split"
                )
            if entry in lines:
                raise InputError(
                    f"expected each line once, got {entry} again in {where}: fetch the lists again"
                )
            if kind == "line":
                lines[entry] = split
            form = form_of(entry) if kind == "line" else entry
            if forms.setdefault(form, split) != split:
                raise InputError(
                    f"expected each form in one split, got {form} in {forms[form]} and in {where}: "
                    "mend the lists"
                )
    return SplitLists(scheme, lines, forms)


def check_writers(written: Iterable[tuple[str, str | None, str]], splits: SplitLists) -> None:
    """Stops where two splits share a writer.

    Args:
      written: id, writer (None if it is not known) and split of each sample.
      splits: named in the message.

    Raises:
      InputError: the first writer in two splits.
    """
    homes: dict[str, str] = {}
    for sample_id, writer, split in written:
        if writer and homes.setdefault(writer, split) != split:
            raise InputError(
                f"expected each writer in one split of {splits.scheme}, got writer {writer} in "
                f"{homes[writer]} and, with {sample_id}, in {split}: correct the lists"
            )


def _task_lists(folder: Path, lists: Path | None) -> Iterator[tuple[str, str, bytes]]:
    """Yields place, split and contents of each list of the official task."""
    places = [lists] if lists else [folder / TASK, folder / "task", folder, folder / f"{TASK}.zip"]
    for place in places:
        if place.is_dir() and all((place / name).is_file() for name in TASK_FILES):
            for name, split in TASK_FILES.items():
                yield str(place / name), split, _read(place / name)
            return
        if place.is_file():
            yield from _zipped_task_lists(place)
            return
    raise InputError(
        f"expected the lists {', '.join(TASK_FILES)} or {TASK}.zip of IAM's web site, "
        f"got none in {', '.join(map(str, places))}: put them there"
    )


def _zipped_task_lists(archive: Path) -> Iterator[tuple[str, str, bytes]]:
    try:
        with zipfile.ZipFile(archive) as members:
            for name, split in TASK_FILES.items():
                found = [m for m in members.infolist() if m.filename.rpartition("/")[2] == name]
                if len(found) != 1 or found[0].file_size > _MAX_LIST_BYTES:
                    raise InputError(
                        f"expected one list {name} in {archive}, got {len(found)} or a far larger "
                        "one: fetch the zip again"
                    )
                yield f"{archive}/{name}", split, members.read(found[0])
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError) as error:
        raise InputError(
            f"expected a zip archive, got {error} in {archive}: fetch it again"
        ) from None


def _aachen_lists(folder: Path, lists: Path | None) -> Iterator[tuple[str, str, bytes]]:
    place = lists or folder / AACHEN
    for split, stems in _AACHEN_STEMS.items():
        names = [stem + suffix for stem in stems for suffix in _AACHEN_SUFFIXES]
        found = [place / name for name in names if (place / name).is_file()]
        if len(found) != 1:
            got = ", ".join(path.name for path in found) or "none"
            raise InputError(
                f"expected one list of {split} forms named as in {names[0]} or {names[2]}, "
                f"got {got} in {place}: put the three Aachen lists there (openslr.org/56 has them)"
            )
        yield str(found[0]), split, _read(found[0])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"expected a readable list, got {error.strerror} at {path}") from None
