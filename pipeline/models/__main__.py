"""Commands on the models that the pipeline has made.

    python -m pipeline.models list
    python -m pipeline.models show MODEL
    python -m pipeline.models promote MODEL [--force] [--reason TEXT] [--author NAME]
    python -m pipeline.models rollback [--to VERSION] [--reason TEXT] [--author NAME]
    python -m pipeline.models publish [--to ADDRESS]
    python -m pipeline.models join --metadata URL --artifacts ADDRESS

MODEL is a model's id, as in the list, or a version that was pushed. Results go to standard output.
Exit status: 0, or 2 where something cannot be done, said in one line.
"""

import argparse
import getpass
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from pipeline.buckets.address import FORMS, BucketAddress, parse_address
from pipeline.buckets.publish import Outlet, find_outlet
from pipeline.database import parse_database
from pipeline.models.as_json import history_json, model_json
from pipeline.models.details import show_model
from pipeline.models.history import read_history
from pipeline.models.join import join
from pipeline.models.listing import list_models
from pipeline.models.promotion import Promoted, promote, rollback
from pipeline.models.restore import restore_pushed
from pipeline.models.wording import tell_path
from pipeline.pages.push import push_page_reader, reads_pages
from pipeline.pages.result import PagePush
from pipeline.pushes import PROMOTE
from pipeline.workspace import Workspace, is_running
from schema.errors import InputError
from serving.model_folder import ready_versions
from serving.one_line_parser import OneLineParser

PUBLISH, JOIN = "publish", "join"
DONE, BAD_INPUT = 0, 2
_WIDTH = 160  # where standard output is no terminal


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; returns the exit status."""
    try:
        parsed = _make_parser().parse_args(arguments)
        workspace = Workspace(parsed.workspace.absolute())
        if parsed.command in ("list", "show"):
            sys.stdout.write(_tell(workspace, parsed) + "\n")
        elif parsed.command == PUBLISH:
            _publish_all(workspace, parsed.to)
        elif parsed.command == JOIN:
            join(workspace, parse_database(parsed.metadata), parsed.artifacts)
            _restore(workspace)
        else:
            _change(workspace, parsed)
    except InputError as error:
        sys.stderr.write(f"pipeline.models: {error}\n")
        return BAD_INPUT
    return DONE


def _tell(workspace: Workspace, parsed: argparse.Namespace) -> str:
    history = read_history(workspace, parsed.pipeline)
    if parsed.command == "show":
        model = history.find(parsed.model)
        return model_json(history, model) if parsed.json else show_model(history, model)
    if parsed.json:
        return history_json(history)
    return list_models(history, shutil.get_terminal_size((_WIDTH, 0)).columns)


def _change(workspace: Workspace, parsed: argparse.Namespace) -> None:
    author = parsed.author or _login_name()
    _restore(workspace)
    if parsed.command == PROMOTE:
        done = promote(
            workspace, parsed.pipeline, parsed.model, author, parsed.reason, parsed.force
        )
    else:
        done = rollback(workspace, parsed.pipeline, author, parsed.reason, parsed.to)
    sys.stdout.write(f"serves   {tell_path(done.version)}, model {done.model.model_id}\n")
    sys.stdout.flush()  # pages take a while
    if is_running(workspace.folder):
        sys.stderr.write("a run is using the workspace: if it pushes, its model serves next\n")
    changed = [done.version.parent]
    if parsed.command == PROMOTE or reads_pages(done.version.parent):
        changed += _compose_pages(workspace, done)
    outlet = find_outlet(workspace)
    if outlet is not None:
        _publish(outlet, changed)


def _restore(workspace: Workspace) -> None:
    """Begins with what was pushed on another machine, where machines share artifacts."""
    for version in restore_pushed(workspace):
        sys.stdout.write(f"restored {tell_path(version)}\n")


def _publish_all(workspace: Workspace, address: BucketAddress | None) -> None:
    """Has a bucket follow everything that is pushed; a new address is remembered."""
    base_paths = sorted(path for path in workspace.pushed.glob("*") if ready_versions(path))
    if not base_paths:
        raise InputError(
            f"expected pushed models to publish, got none in {workspace.pushed}: name the "
            "workspace of a run with --workspace"
        )
    outlet = find_outlet(workspace, address)
    if outlet is None:
        raise InputError(
            f"expected a bucket to publish to, got none that {workspace.folder} remembers: name it "
            f"with --to {FORMS}"
        )
    if address is not None:
        outlet.check(*(path.name for path in base_paths))
    _publish(outlet, base_paths)


def _publish(outlet: Outlet, base_paths: Sequence[Path]) -> None:
    for published in outlet.publish(base_paths):
        sys.stdout.write(f"bucket   {published}\n")


def _compose_pages(workspace: Workspace, done: Promoted) -> list[Path]:
    """Lets the page servable follow; what a person decided against a gate is held to none here.

    Returns:
      the base path of what was pushed, if anything was.
    """
    compare = done.promotion.action == PROMOTE and not done.promotion.forced
    try:
        pages = push_page_reader(done.version.parent, workspace, compare)
    except InputError as error:
        pages = PagePush(remark=str(error))  # the promotion itself is done and sound
    if pages.pushed is not None:
        sys.stdout.write(f"pages    {tell_path(pages.pushed)}\n")
        return [pages.pushed.parent]
    if pages.remark is not None:
        sys.stderr.write(f"the page servable stays with the model before: {pages.remark}\n")
    return []


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # what it raises depends on version and platform
        raise InputError("expected a login name, got none: give --author NAME") from None


def _make_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="pipeline.models",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="every model, the newest first, and which one serves")
    shown = commands.add_parser("show", help="one model: data, recipe, figures, verdict, versions")
    promoted = commands.add_parser("promote", help="let another model serve, as a new version")
    back = commands.add_parser("rollback", help="let the model serve again that served before")
    published = commands.add_parser(PUBLISH, help="have a bucket hold the models that are pushed")
    joined = commands.add_parser(JOIN, help="go on, in a new workspace, with the runs of others")
    for command in (listed, shown, promoted, back):
        _add_pipeline(command)
    for command in (listed, shown, promoted, back, published, joined):
        _add_workspace(command)
    for command in (shown, promoted):
        command.add_argument("model", metavar="MODEL", help="a model's id, or a pushed version")
    for command in (listed, shown):
        command.add_argument("--json", action="store_true", help="one JSON object, not text")
    for command in (promoted, back):
        command.add_argument("--reason", default="", metavar="TEXT", help="why, for the lineage")
        command.add_argument("--author", metavar="NAME", help="who (default: the login name)")
    promoted.add_argument(
        "--force", action="store_true", help="go past the gate; --reason must say why"
    )
    back.add_argument("--to", type=int, metavar="VERSION", help="a version that served earlier")
    published.add_argument(
        "--to",
        type=parse_address,
        metavar="ADDRESS",
        help=f"{FORMS}, from now on also after each push (default: the one before)",
    )
    joined.add_argument("--metadata", required=True, metavar="URL", help="as of their runs")
    joined.add_argument(
        "--artifacts",
        type=parse_address,
        required=True,
        metavar="ADDRESS",
        help=f"as of their runs: {FORMS}",
    )
    return parser


def _add_workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        help="of the runs (default: %(default)s)",
    )


def _add_pipeline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pipeline",
        metavar="NAME",
        help="as in sample-lines; may be left out where only one has run",
    )


def _quieten_libraries() -> None:
    """Keeps standard error to what this command says; for the whole process."""
    # ML Metadata tells of each retry on a locked database; the end of its patience is told above.
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    # Before TensorFlow is imported: it tells of missing GPUs as errors, and it and Google's clients
    # of what they will no longer support.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", FutureWarning)


if __name__ == "__main__":
    _quieten_libraries()
    sys.exit(main(sys.argv[1:]))
