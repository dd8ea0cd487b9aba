"""Chooses which of IAM's lines are read: by split, transcription and segmentation status.

Before `iam.py`, which reads their pictures. Everything that needs no picture is checked here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.corpus import clean_text
from pipeline.ingest.iam_forms import has_forms, read_forms
from pipeline.ingest.iam_splits import SplitLists, check_writers, form_of, read_splits
from pipeline.ingest.records import Problems
from schema.errors import InputError
from schema.splits import SPLITS

ASCII, XML = "ascii", "xml"
TRANSCRIPTIONS = {
    ASCII: "lines.txt: punctuation set apart by spaces, as in 'the end .'",
    XML: "forms' XML: natural spacing, as in 'the end.'",
}
"""Name -> convention of the texts. Error rates on the two are not comparable."""

ALL, OK = "all", "ok"
SEGMENTATIONS = {
    ALL: "lines of either segmentation status",
    OK: "only lines whose words are well segmented",
}
"""Name -> which lines. The status is that of the words: the lines are whole either way, and the
official lists hold both, so `ALL` is what published figures are on."""

LINES_FILE = Path("ascii", "lines.txt")
FORMS_FILE = Path("ascii", "forms.txt")

_FIELDS = 9  # id, status, grey level, components, x, y, width, height, text
_STATUSES = ("ok", "err")


@dataclass(frozen=True)
class IamLine:
    """A line before its picture is read."""

    line_id: str
    split: str
    text: str
    writer: str | None


@dataclass(frozen=True)
class IamPlan:
    """The lines that will be read, and how many are left out by choice.

    Args:
      lines: by id, in the order of lines.txt.
      split_scheme, transcription, segmentation: the choices.
      unlisted_lines: in no list of the split.
      unlisted_forms: with no line in any list.
      badly_segmented: lines left out for their status.
    """

    lines: Mapping[str, IamLine]
    split_scheme: str
    transcription: str
    segmentation: str
    unlisted_lines: int
    unlisted_forms: int
    badly_segmented: int

    def describe(self) -> str:
        """Returns the choices and the counts, for people to read."""
        counts = Counter(line.split for line in self.lines.values())
        forms = len({form_of(line_id) for line_id in self.lines})
        writers = len({line.writer for line in self.lines.values() if line.writer})
        return "\n".join(
            (
                f"IAM lines, split {self.split_scheme}: "
                + ", ".join(f"{split} {counts[split]}" for split in SPLITS),
                f"texts: {self.transcription} ({TRANSCRIPTIONS[self.transcription]})",
                f"segmentation: {self.segmentation} ({SEGMENTATIONS[self.segmentation]})",
                f"{forms} forms of {writers or 'an unknown number of'} writers",
                f"left out: {self.unlisted_lines} lines in no list (among them "
                f"{self.unlisted_forms} whole forms), {self.badly_segmented} badly segmented lines",
            )
        )


def plan_iam_lines(
    folder: Path,
    split_scheme: str,
    transcription: str,
    problems: Problems,
    segmentation: str = ALL,
    split_lists: Path | None = None,
) -> IamPlan:
    """Chooses the lines without reading pictures; arguments as of `read_iam_lines`."""
    _check_choice(transcription, TRANSCRIPTIONS, "transcriptions")
    _check_choice(segmentation, SEGMENTATIONS, "segmentations")
    splits = read_splits(folder, split_scheme, split_lists)
    writers, xml_texts = _read_form_data(folder, transcription, problems)
    lines: dict[str, IamLine] = {}
    unlisted: list[str] = []
    badly_segmented = 0
    rows = _read_lines_file(folder / LINES_FILE, problems)
    _note_missing(splits, rows.keys(), problems)
    for line_id, (status, ascii_text) in rows.items():
        split = splits.split_of_line(line_id)
        if split is None:
            unlisted.append(line_id)
            continue
        if segmentation == OK and status != OK:
            badly_segmented += 1
            continue
        text = ascii_text if transcription == ASCII else xml_texts.get(line_id, "")
        if text:
            lines[line_id] = IamLine(line_id, split, text, writers.get(form_of(line_id)))
        else:
            where = str(LINES_FILE) if transcription == ASCII else form_of(line_id) + ".xml"
            problems.leave_out(where, line_id, "expected a transcription, got none")
    check_writers(((line.line_id, line.writer, line.split) for line in lines.values()), splits)
    forms = {form_of(line_id) for line_id in unlisted}
    return IamPlan(
        lines=lines,
        split_scheme=split_scheme,
        transcription=transcription,
        segmentation=segmentation,
        unlisted_lines=len(unlisted),
        unlisted_forms=len(forms - splits.forms.keys()),
        badly_segmented=badly_segmented,
    )


def _check_choice(choice: str, known: Mapping[str, str], what: str) -> None:
    if choice not in known:
        raise InputError(f"expected one of the {what} {', '.join(known)}, got {choice!r}")


def _read_form_data(
    folder: Path, transcription: str, problems: Problems
) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the writer of each form and, from the XML, the text of each line."""
    if transcription == XML or has_forms(folder):
        forms = read_forms(folder, problems)
        texts = {line.line_id: line.text for form in forms.values() for line in form.lines}
        return {form.form_id: form.writer for form in forms.values()}, texts
    if (folder / FORMS_FILE).is_file():
        rows = (line.split() for _, line in _data_lines(folder / FORMS_FILE, problems))
        return {row[0]: row[1] for row in rows if len(row) > 1}, {}
    return {}, {}


def _read_lines_file(path: Path, problems: Problems) -> dict[str, tuple[str, str]]:
    """Returns segmentation status and text of each line of lines.txt."""
    found: dict[str, tuple[str, str]] = {}
    for number, line in _data_lines(path, problems):
        fields = line.split(" ", _FIELDS - 1)  # a text may hold spaces besides its bars
        if len(fields) != _FIELDS or fields[1] not in _STATUSES:
            problems.leave_out(
                str(path),
                fields[0],
                f"expected {_FIELDS} fields, the second ok or err, got {line[:80]!r} in line "
                f"{number}: fetch lines.txt again",
            )
        elif fields[0] in found:
            problems.leave_out(
                str(path), fields[0], f"expected each id once, got it again in line {number}"
            )
        else:
            found[fields[0]] = fields[1], clean_text(fields[-1].replace("|", " "))
    if not found:
        raise InputError(f"expected the lines of IAM, got none in {path}: fetch it again")
    return found


def _data_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """Yields the lines of an ASCII table with their numbers, without comments."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"expected IAM's {path.name}, got {error.strerror} at {path}: unpack ascii.tgz there"
        ) from None
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            yield number, line.decode("utf-8").strip()
        except UnicodeDecodeError:
            reason = f"expected UTF-8, got other bytes in line {number}: fetch the file again"
            problems.leave_out(str(path), line.split()[0].decode("ascii", "replace"), reason)


def _note_missing(splits: SplitLists, line_ids: Iterable[str], problems: Problems) -> None:
    """Notes what the lists name and lines.txt does not have."""
    listed = splits.lines or splits.forms
    there = set(line_ids) if splits.lines else {form_of(line_id) for line_id in line_ids}
    for name in sorted(listed.keys() - there):
        problems.leave_out(
            str(LINES_FILE), name, f"expected it, for the split {splits.scheme} lists it, got none"
        )
