"""Commands on data: `inspect` tells what a folder is, `export` writes its lines as `.gt.txt` files.

    python -m pipeline.ingest inspect DIR [--picture FILE.png]
    python -m pipeline.ingest export DIR OUT

DIR may be an address, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX: it is mirrored in the workspace, as
for a run.
Results go to standard output, progress to standard error. Exit status: 0, or 2 where nothing can
be used, said in one line.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.buckets.address import Place, parse_place
from pipeline.buckets.fetch import fetch
from pipeline.ingest.export import export_lines
from pipeline.ingest.inspection import Finding
from pipeline.ingest.inspection.contact_sheet import draw_sheet
from pipeline.ingest.inspection.glyphs import inspect_archive, inspect_emnist
from pipeline.ingest.inspection.lines import inspect_lines
from pipeline.ingest.inspection.pages import inspect_pages
from pipeline.ingest.inspection.recognise import EMNIST, EMNIST_ARCHIVE, recognise
from pipeline.ingest.record_sources import PAGES
from pipeline.ingest.records import tell_problems
from pipeline.workspace import hold_workspace
from schema.errors import InputError
from serving.one_line_parser import OneLineParser

DONE, BAD_INPUT = 0, 2
PROBLEMS_TOLD = 30


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; returns the exit status."""
    try:
        parsed = _make_parser().parse_args(arguments)
        folder = _find_folder(parsed.folder, parsed.workspace.absolute())
        if parsed.command == "inspect":
            _inspect(folder, parsed.picture)
        else:
            _export(folder, parsed.target)
    except InputError as error:
        sys.stderr.write(f"pipeline.ingest: {error}\n")
        return BAD_INPUT
    return DONE


def _find_folder(place: Place, workspace: Path) -> Path:
    if isinstance(place, Path):
        return place
    with hold_workspace(workspace):  # a run may be reading the mirror
        return fetch(place, workspace)


def find_out(path: Path) -> list[Finding]:
    """Recognises what a folder is and looks at all of it.

    Raises:
      InputError: it is nothing that is known, or nothing in it can be used.
    """
    kind, place = recognise(path)
    if kind == EMNIST:
        return inspect_emnist(place)
    if kind == EMNIST_ARCHIVE:
        return inspect_archive(place)
    return [inspect_pages(place) if kind == PAGES else inspect_lines(place, kind)]


def _inspect(path: Path, picture: Path) -> None:
    findings = find_out(path)
    for finding in findings:
        sys.stdout.write(finding.describe(PROBLEMS_TOLD) + "\n")
    try:
        draw_sheet([panel for finding in findings for panel in finding.panels]).save(picture)
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected to write a picture, got {error} at {picture}: give another --picture"
        ) from None
    sys.stdout.write(f"contact sheet  {picture}\n")


def _export(path: Path, target: Path) -> None:
    count, problems = export_lines(path, target)
    tell_problems(problems)
    sys.stdout.write(f"{count:,} lines written to {target}, {len(problems):,} left out\n")


def _make_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="pipeline.ingest", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    inspect = commands.add_parser("inspect", help="tell what a folder of data is")
    inspect.add_argument(
        "--picture",
        type=Path,
        default=Path("contact-sheet.png"),
        metavar="FILE.png",
        help="where the contact sheet goes (default: %(default)s)",
    )
    export = commands.add_parser("export", help="write a source's lines as .png with .gt.txt")
    for command, told in (
        (inspect, "the folder, or EMNIST's zip"),
        (export, "source of real lines"),
    ):
        command.add_argument(
            "folder", type=parse_place, metavar="DIR", help=f"{told}; or an address"
        )
        command.add_argument(
            "--workspace",
            type=Path,
            default=Path("workspace"),
            help="where what an address names is mirrored (default: %(default)s)",
        )
    export.add_argument("target", type=Path, metavar="OUT", help="a new or empty folder")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
