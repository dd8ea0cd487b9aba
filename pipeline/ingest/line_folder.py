"""Reads and writes a folder of line pictures with their texts beside them.

The form that kraken, Calamari and OCRopus train on: `x.png` with `x.gt.txt`. Beside the other
readers; `spans.py` keeps what users label in this form.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from PIL import Image

from pipeline.ingest.corpus import clean_text
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.units import LineEntry, Unit, gather_units, read_pictures
from schema.errors import InputError

SOURCE = "folder"
TEXT_SUFFIX = ".gt.txt"
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
VARIANT_SUFFIXES = ("", ".nrm", ".bin")
"""Forms of a line's picture, the best first: as scanned, in normalised grey, in black and white."""

MAX_TEXT_BYTES = 64 * 1024
"""Larger texts are refused unread: nobody writes that much in a line."""


def read_line_folder(
    folder: Path, problems: Problems, recursive: bool = True, source: str = SOURCE
) -> Iterator[LineRecord]:
    """Yields the lines of a folder, ordered by their ids; the inverse of `write_line_folder`.

    A line's id is its path below the folder without suffixes. Texts come in Unicode normal
    form C with single spaces.

    Args:
      folder: pictures with a `.gt.txt` each; whatever else it holds is passed over.
      problems: takes lines.
      recursive: whether sub-folders are read too.
      source: name of the data set.

    Raises:
      InputError: no such folder, no lines, or too many problems.
    """
    for unit in plan_line_folder(folder, problems, recursive):
        yield from read_pictures(folder, unit, source, problems)
    problems.finish()


def plan_line_folder(
    folder: Path, problems: Problems, recursive: bool = True, prefix: str = ""
) -> Iterator[Unit]:
    """Yields the lines of a folder without reading pictures.

    Args:
      folder: as of `read_line_folder`.
      recursive: as of `read_line_folder`.
      problems: notes lines that cannot be used, and counts none.
      prefix: stands before each id.

    Raises:
      InputError: no such folder, or no lines.
    """
    if not folder.is_dir():
        raise InputError(
            f"expected a folder of line pictures with {TEXT_SUFFIX} files, got none at {folder}"
        )
    texts, pictures = _find_files(folder, recursive, problems)
    if not texts and not pictures:
        raise InputError(
            f"expected line pictures with {TEXT_SUFFIX} files, got neither in {folder}: "
            "give the folder that holds them"
        )
    return gather_units(_entries(folder, texts, pictures, prefix, problems))


def find_unlabelled(folder: Path, problems: Problems) -> Iterator[tuple[str, Path]]:
    """Yields id and picture of each line of a folder that has no text yet, ordered by id.

    Args:
      folder: as of `read_line_folder`, with its sub-folders.
      problems: notes pictures that contradict each other, and counts none.
    """
    texts, pictures = _find_files(folder, True, Problems(tolerated_share=1.0))
    for line_id in sorted(pictures.keys() - texts.keys()):
        try:
            yield line_id, _best_picture(pictures[line_id], line_id)
        except _Unusable as error:
            file = pictures[line_id][0].relative_to(folder)
            problems.leave_out(str(file), line_id, str(error))


def _entries(
    folder: Path,
    texts: dict[str, Path],
    pictures: dict[str, list[Path]],
    prefix: str,
    problems: Problems,
) -> Iterator[tuple[Path, LineEntry]]:
    for line_id in sorted(texts.keys() | pictures.keys()):
        try:
            text_path = _only_text(texts, line_id)
            image_path = _best_picture(pictures.get(line_id, []), line_id)
            text = _read_text(text_path)
        except _Unusable as error:
            found = texts.get(line_id) or pictures[line_id][0]
            problems.leave_out(str(found.relative_to(folder)), line_id, str(error))
            continue
        yield image_path, LineEntry(prefix + line_id, text)


def write_line_folder(records: Iterable[LineRecord], folder: Path) -> int:
    """Writes lines as PNG and `.gt.txt`, and returns how many; nothing is overwritten.

    Split, writer and page have no place in this form and are left out.

    Args:
      records: lines whose ids are relative paths; text as it is read back.
      folder: made if it is missing.

    Raises:
      InputError: an id that is no path below the folder, an unusable text, or a file in the way.
    """
    count = 0
    for record in records:
        name = _checked_name(record.sample_id)
        if not record.text or record.text != clean_text(record.text):
            raise InputError(
                f"expected a text in normal form C with single spaces, got {record.text!r} "
                f"for {record.sample_id}: correct the text"
            )
        image_path, text_path = (folder / f"{name}{end}" for end in (".png", TEXT_SUFFIX))
        image_path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with image_path.open("xb") as file:
                Image.fromarray(record.image).convert("L").save(file, "PNG")
            with text_path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(record.text + "\n")
        except FileExistsError as error:
            raise InputError(
                f"expected no file for {record.sample_id}, got {error.filename}: "
                "give each line an id of its own, and an empty folder"
            ) from None
        count += 1
    return count


class _Unusable(Exception):  # noqa: N818, a reason and no failure of the program
    """Why a line cannot be used."""


def _find_files(
    folder: Path, recursive: bool, problems: Problems
) -> tuple[dict[str, Path], dict[str, list[Path]]]:
    """Returns the text and the pictures of each line id."""
    texts: dict[str, Path] = {}
    pictures: dict[str, list[Path]] = defaultdict(list)
    root = folder.resolve()
    for path in _walk(folder, recursive, problems):
        is_text = path.name.endswith(TEXT_SUFFIX)
        if path.name.startswith(".") or not (is_text or path.suffix.lower() in IMAGE_SUFFIXES):
            continue
        name = path.relative_to(folder).as_posix()
        if not path.resolve().is_relative_to(root):
            problems.leave_out(
                name, "", "expected a file of the folder, got a link that leads out: copy it in"
            )
        elif is_text:
            texts[name.removesuffix(TEXT_SUFFIX)] = path
        else:
            line_id = name[: -len(path.suffix)]
            variant = VARIANT_SUFFIXES[_rank(path)]
            pictures[line_id.removesuffix(variant)].append(path)
    return texts, pictures


def _walk(folder: Path, recursive: bool, problems: Problems) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        for name in folders if recursive else ():
            if (linked := Path(place, name)).is_symlink():
                problems.leave_out(
                    linked.relative_to(folder).as_posix(),
                    "",
                    "expected a folder, got a link to one: copy it in",
                )
        yield from (Path(place, name) for name in files)
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]


def _only_text(texts: dict[str, Path], line_id: str) -> Path:
    if line_id not in texts:
        raise _Unusable(f"expected a transcription in {line_id}{TEXT_SUFFIX}, got no such file")
    return texts[line_id]


def _best_picture(paths: list[Path], line_id: str) -> Path:
    """Returns the picture of the best variant; two of the same variant contradict each other."""
    ranked = sorted(paths, key=_rank)
    if not ranked:
        raise _Unusable(f"expected a picture {line_id}.png, got none")
    if len(ranked) > 1 and _rank(ranked[0]) == _rank(ranked[1]):
        names = ", ".join(sorted(path.name for path in ranked))
        raise _Unusable(f"expected one picture of a line, got {names}: remove all but one")
    return ranked[0]


def _rank(path: Path) -> int:
    variant = Path(path.stem).suffix
    return VARIANT_SUFFIXES.index(variant) if variant in VARIANT_SUFFIXES else 0


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise _Unusable(f"expected one line, got {path.stat().st_size} bytes of text")
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unusable(
            f"expected UTF-8, got the byte 0x{error.object[error.start]:02x} at offset "
            f"{error.start}: convert the file to UTF-8"
        ) from None
    except OSError as error:
        raise _Unusable(f"expected a readable file, got {error.strerror}") from None
    lines = [line for line in map(clean_text, text.splitlines()) if line]
    if len(lines) != 1:
        raise _Unusable(f"expected one line of text, got {len(lines) or 'none'}: correct the file")
    return lines[0]


def _checked_name(sample_id: str) -> PurePosixPath:
    """Returns an id as a path below the folder that reads back as the same id."""
    name = PurePosixPath(sample_id)
    if (
        str(name) != sample_id
        or name.is_absolute()
        or any(part.startswith(".") or part.endswith(" ") for part in name.parts)
        or any(c in '\\:*?"<>|' or not c.isprintable() for c in sample_id)
        or name.suffix in VARIANT_SUFFIXES[1:]
        or not name.parts
    ):
        raise InputError(
            f"expected an id that is a path below the folder, as in page-1/line-2, got "
            f"{sample_id!r}: rename the line"
        )
    return name
