"""`python -m serving.monitor queue`: has people label what the model is worst prepared for."""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from schema.errors import InputError
from serving.monitor.label_queue import DRIFTED, UNCERTAIN, LabelQueue
from serving.monitor.logged_request import LINES, MeasuredRequest
from serving.monitor.profile import NO_PICTURE, UNREADABLE

QUEUED = 0
_MOST = 20


def add_queue_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument(
        "logs", nargs="+", type=Path, metavar="LOG", help="request logs, or folders of them"
    )
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="of the queue; made where absent"
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="VERSION",
        help="the version folder that answered, whose reference says what is odd; without it only "
        "uncertain requests are queued",
    )
    parser.add_argument(
        "--most",
        type=int,
        default=_MOST,
        metavar="N",
        help="of each day, version and reason (default: %(default)s)",
    )


def run_queue(arguments: argparse.Namespace) -> int:
    """Queues the most uncertain and the most drifted requests of logs.

    Raises:
      InputError: no logs, no reference, or the queue cannot be written.
    """
    if arguments.most < 1:
        raise InputError(f"expected --most of 1 or more, got {arguments.most}: correct it")
    # Beam takes seconds to import: only now, when the options are known to be sound.
    from serving.monitor.find_logs import find_logs
    from serving.monitor.observe_settings import ObserveSettings
    from serving.monitor.reference import load_reference, reference_folder
    from serving.monitor.windows import observe

    reference = load_reference(reference_folder(arguments.model)) if arguments.model else None
    settings = ObserveSettings.of(reference, shown=arguments.most, now=int(time.time()))
    observation = observe(find_logs(arguments.logs), settings)
    queue = LabelQueue(arguments.to)
    uncertain = drifted = 0
    for profile in observation.profiles:
        uncertain += queue.add(_usable(profile.unsurest), UNCERTAIN)
        if reference is not None:
            drifted += queue.add(_usable(profile.oddest), DRIFTED)
    sys.stdout.write(
        f"queued {uncertain} uncertain and {drifted} drifted lines of "
        f"{sum(profile.requests for profile in observation.profiles):,} requests in "
        f"{arguments.to}, which holds {sum(1 for _ in queue.read()):,}\n"
    )
    for problem in observation.file_problems:
        sys.stderr.write(f"{problem.file}: at byte {problem.offset}: {problem.message}\n")
    return QUEUED


def _usable(requests: Iterable[MeasuredRequest]) -> list[MeasuredRequest]:
    """Returns the lines among requests that a person can read."""
    return [
        each
        for each in requests
        if each.request.kind == LINES and not {UNREADABLE, NO_PICTURE} & set(each.problems)
    ]
