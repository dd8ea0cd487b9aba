"""What was trained in a workspace, best first.

    python -m pipeline.leaderboard [--task TASK] [--dataset NAME] [--span N] [--csv | --html FILE]
    python -m pipeline.leaderboard --compare NAME NAME

A table goes to standard output, or CSV, or a page into a file. NAME is an entry's, or its end where
that is unique. Exit status: 0, or 2 where something cannot be done, said in one line.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.database import may_exist
from pipeline.leaderboard.comparison import compare, find_entry
from pipeline.leaderboard.entry import Entry
from pipeline.leaderboard.models import read_model_entries
from pipeline.leaderboard.page import render
from pipeline.leaderboard.ranking import choose, rank
from pipeline.leaderboard.table import as_comparison, as_csv, as_table
from pipeline.leaderboard.trials import read_trial_entries
from pipeline.tasks import TASKS
from pipeline.workspace import Workspace
from schema.errors import InputError
from serving.one_line_parser import OneLineParser
from serving.whole_file import write_whole

DONE, BAD_INPUT = 0, 2


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; returns the exit status."""
    parsed = _make_parser().parse_args(arguments)
    try:
        _show(parsed)
    except InputError as error:
        sys.stderr.write(f"pipeline.leaderboard: {error}\n")
        return BAD_INPUT
    return DONE


def _show(parsed: argparse.Namespace) -> None:
    workspace = Workspace(parsed.workspace.absolute())
    entries = _read(workspace)
    if parsed.compare:
        left, right = (find_entry(entries, name) for name in parsed.compare)
        sys.stdout.write(as_comparison(left, right, compare(left, right)) + "\n")
        return
    chosen = rank(choose(entries, parsed.task, parsed.dataset, parsed.span))
    if parsed.html:
        _write_page(parsed.html, render(chosen, str(workspace.folder)))
    elif parsed.csv:
        sys.stdout.write(as_csv(chosen))
    else:
        sys.stdout.write(as_table(chosen) + "\n")


def _read(workspace: Workspace) -> list[Entry]:
    """Reads models and trials; a workspace may have either alone."""
    trials = read_trial_entries(workspace.folder)
    if trials and not may_exist(workspace.database):
        return trials
    return [*read_model_entries(workspace), *trials]


def _write_page(path: Path, page: str) -> None:
    try:
        write_whole(path.absolute(), page.encode())
    except OSError as error:
        raise InputError(
            f"expected --html FILE that can be written, got {path} ({error.strerror}): choose "
            "another place"
        ) from None
    sys.stdout.write(f"{path}\n")


def _make_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="pipeline.leaderboard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        help="of the runs (default: %(default)s)",
    )
    parser.add_argument("--task", choices=list(TASKS), help="only this one")
    parser.add_argument("--dataset", metavar="NAME", help="only what was trained on this one")
    parser.add_argument(
        "--span", type=int, metavar="N", help="only what learned from this span of the data"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--csv", action="store_true", help="CSV with plain figures")
    shape.add_argument("--html", type=Path, metavar="FILE", help="a page with sortable tables")
    shape.add_argument(
        "--compare", nargs=2, metavar="NAME", help="two entries field by field, code among them"
    )
    return parser


if __name__ == "__main__":
    logging.getLogger("absl").setLevel(logging.CRITICAL)  # retries on a locked database
    sys.exit(main(sys.argv[1:]))
