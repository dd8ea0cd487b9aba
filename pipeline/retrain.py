"""Trains again when a new span of labelled lines is there.

    python -m pipeline.retrain --spans FOLDER [--workspace FOLDER] [--watch SECONDS] [-- OPTIONS]

Looks for the latest span (`pipeline.ingest.spans`) and asks the lineage whether a model was trained
on it. Where none was, `local_runner.py --dataset labeled` runs with OPTIONS, such as `--set
first_span=1` for all spans. With --watch it goes on looking, for good, and tries each version of a
span once. Exit status: 0 pushed, or nothing new; otherwise that of the run.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.database import may_exist
from pipeline.fingerprint import PROJECT_ROOT
from pipeline.ingest.spans import SOURCE, Span, find_spans
from pipeline.lineage import PIPELINE_CONTEXT
from pipeline.models.history import read_history
from pipeline.store import open_store
from pipeline.workspace import Workspace
from schema.errors import InputError
from serving.one_line_parser import OneLineParser
from trainer_module.task_names import LINES

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130

Train = Callable[[Sequence[str]], int]
"""Runs the local runner with arguments; returns its exit status."""


def main(arguments: Sequence[str], train: Train | None = None) -> int:
    """Runs the command line; returns the exit status."""
    given = list(arguments)
    cut = given.index("--") if "--" in given else len(given)
    parsed = _make_parser().parse_args(given[:cut])
    retrainer = Retrainer(
        parsed.spans.absolute(), parsed.workspace.absolute(), given[cut + 1 :], train or _train
    )
    try:
        if parsed.watch is None:
            return retrainer.look()
        while True:
            try:
                retrainer.look()
            except InputError as error:  # a workspace in use, say: the next look may find it free
                sys.stderr.write(f"pipeline.retrain: {error}\n")
            time.sleep(parsed.watch)
    except InputError as error:
        sys.stderr.write(f"pipeline.retrain: {error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED


class Retrainer:
    """Trains on the latest span unless a model, or an attempt of its own, already has.

    Args:
      spans: the folder of all spans.
      workspace: of the runs.
      options: further ones for the local runner.
      train: runs it.
    """

    def __init__(self, spans: Path, workspace: Path, options: Sequence[str], train: Train) -> None:
        self._spans = spans
        self._workspace = workspace
        self._options = tuple(options)
        self._train = train
        self._tried: set[Span] = set()

    def look(self) -> int:
        """Looks once; returns the exit status of the run, or 0 where nothing is new.

        Raises:
          InputError: there is no folder of spans, or the lineage cannot be read.
        """
        if not self._spans.is_dir():
            raise InputError(
                f"expected a folder of labelled spans, got none at {self._spans}: name the one "
                "that labelling exports to"
            )
        latest = max(find_spans(self._spans), default=None)
        if latest is None:
            return self._tell("no span yet")
        if latest in self._tried:
            return DONE
        name = f"span {latest.number} version {latest.version}"
        if (model := find_model(Workspace(self._workspace), latest)) is not None:
            self._tried.add(latest)
            return self._tell(f"{name} was trained on: model {model}")
        self._tell(f"{name} is new: training")
        self._tried.add(latest)
        folders = ("--data-dir", str(self._spans), "--workspace", str(self._workspace))
        status = self._train(("--dataset", SOURCE, *folders, *self._options))
        sys.stderr.write(f"pipeline.retrain: the run on {name} ended with status {status}\n")
        return status

    def _tell(self, words: str) -> int:
        sys.stderr.write(f"pipeline.retrain: {words}\n")
        return DONE


def find_model(workspace: Workspace, span: Span) -> int | None:
    """Returns the id of the newest model that was trained on a span, None without one."""
    pipeline = f"{SOURCE}-{LINES}"
    database = workspace.database
    if not may_exist(database):
        return None
    store = open_store(database)
    if store.get_context_by_type_and_name(PIPELINE_CONTEXT, pipeline) is None:
        return None
    named = re.compile(rf"\bspan {span.number} version {span.version}\b")
    for model in read_history(workspace, pipeline).models:
        if any(named.search(source.source) for source in model.data):
            return model.model_id
    return None


def _train(arguments: Sequence[str]) -> int:
    command = (sys.executable, str(PROJECT_ROOT / "local_runner.py"), *arguments)
    return subprocess.run(command, check=False).returncode


def _make_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="pipeline.retrain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--spans", type=Path, required=True, metavar="FOLDER", help="where labelled spans appear"
    )
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        help="of the runs (default: %(default)s)",
    )
    parser.add_argument(
        "--watch", type=_seconds, metavar="SECONDS", help="look again after so long, for good"
    )
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if seconds <= 0:
        raise ValueError(text)
    return seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
