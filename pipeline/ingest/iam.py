"""Reads the text lines of the IAM Handwriting Database from the user's own licensed copy.

Beside the other readers, before the ExampleGens. Nothing of IAM comes with this project: the
copy is as IAM's web site gives it, its archives unpacked or not.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from pipeline.ingest.iam_files import stream_files
from pipeline.ingest.iam_forms import SOURCE
from pipeline.ingest.iam_plan import ALL, IamPlan, plan_iam_lines
from pipeline.ingest.iam_splits import form_of
from pipeline.ingest.images import ImageProblem, read_image
from pipeline.ingest.records import LineRecord, Problems

LICENCE = (
    "IAM Handwriting Database: free for non-commercial research to those who register at "
    "https://fki.tic.heia-fr.ch/databases/iam-handwriting-database; do not pass it on. "
    'Publications cite U. Marti and H. Bunke, "The IAM-database: an English sentence database '
    'for offline handwriting recognition", IJDAR 5, 2002, pages 39-46.'
)
LICENCE_SHOWN = "iam-licence-shown"

LINES_PART = "lines"


def show_licence_once(cache: Path, stream: TextIO | None = None) -> bool:
    """Prints the terms of IAM (to standard error) unless this cache folder has seen them."""
    shown = cache / LICENCE_SHOWN
    if shown.exists():
        return False
    (stream or sys.stderr).write(LICENCE + "\n")
    cache.mkdir(parents=True, exist_ok=True)
    shown.write_text(LICENCE + "\n", encoding="utf-8")
    return True


def read_iam_lines(
    folder: Path,
    split_scheme: str,
    transcription: str,
    problems: Problems,
    segmentation: str = ALL,
    split_lists: Path | None = None,
) -> Iterator[LineRecord]:
    """Yields the lines of a split's lists in the order of their pictures.

    Args:
      folder: the copy, with ascii/lines.txt, lines/ or lines.tgz, and xml/ or xml.tgz; with
        ascii/forms.txt instead of the XML if only ASCII texts are wanted.
      split_scheme: "lwitlrt" or "aachen".
      transcription: "ascii" or "xml", see `TRANSCRIPTIONS`.
      problems: takes lines.
      segmentation: "all" or "ok", see `SEGMENTATIONS`.
      split_lists: as in `read_splits`.

    Raises:
      InputError: an unknown choice, missing parts, a writer in two splits, or too many problems.
    """
    plan = plan_iam_lines(folder, split_scheme, transcription, problems, segmentation, split_lists)
    return read_planned_lines(folder, plan, problems)


def read_planned_lines(folder: Path, plan: IamPlan, problems: Problems) -> Iterator[LineRecord]:
    """Yields the planned lines with their pictures; one line without a picture is a problem."""
    seen: set[str] = set()
    for file in stream_files(folder, LINES_PART, ".png", problems):
        line = plan.lines.get(file.stem)
        if line is None:
            continue
        if line.line_id in seen:
            problems.leave_out(file.where, file.stem, "expected each line once: remove this one")
            continue
        seen.add(line.line_id)
        try:
            image = read_image(file.read(), file.where)
        except ImageProblem as error:
            problems.leave_out(file.where, file.stem, str(error))
            continue
        problems.take()
        yield LineRecord(
            sample_id=line.line_id,
            image=image,
            text=line.text,
            source=SOURCE,
            split=line.split,
            writer=line.writer,
            page=form_of(line.line_id),
        )
    for line_id in plan.lines:
        if line_id not in seen:
            problems.leave_out(LINES_PART, line_id, "expected the line's picture, got none")
    problems.finish()
