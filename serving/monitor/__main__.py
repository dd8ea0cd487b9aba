"""Command line of the monitor: `python -m serving.monitor COMMAND`.

Exit status 0: what comes in is what the model learned; 1: it is not; 2: trouble, in one line.
Parses first and imports Beam and TensorFlow afterwards, so `--help` answers at once.
"""

import argparse
import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError
from serving.monitor import check_command, examples_command
from serving.monitor.alerts.teller import try_receivers
from serving.monitor.arguments import add_alert_options, add_check_options, alerting
from serving.monitor.demo.command import add_demo_options
from serving.monitor.learn_command import add_learn_options, run_learn
from serving.monitor.outcome import TROUBLE
from serving.monitor.queue_command import add_queue_options, run_queue
from serving.one_line_parser import OneLineParser

_CLOSED, _INTERRUPTED = 2, 130  # exit statuses: no reader any more; as shells have it


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status."""
    arguments = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # texts of any script, in any locale
    try:
        status: int = arguments.run(arguments)
        return status
    except InputError as error:
        check_command.say(str(error))
        return TROUBLE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has seen enough; Python would complain of it once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED


def _quieten_libraries() -> None:
    """Keeps standard error to what this command says; for the whole process."""
    # Before TensorFlow is imported: it tells of missing GPUs as errors, and it and Google's clients
    # of what they will no longer support.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", FutureWarning)


def _try_receivers(arguments: argparse.Namespace) -> int:
    setting = alerting(arguments)
    if not setting.receivers:
        raise InputError("expected whom to tell, got nobody: give --webhook, --slack or --smtp")
    problems = try_receivers(setting).problems
    for problem in problems:
        check_command.say(problem)
    if not problems:
        sys.stdout.write("".join(f"taken by {each.name}\n" for each in setting.receivers))
    return TROUBLE if problems else 0


def _demo(arguments: argparse.Namespace) -> int:
    from serving.client.errors import ServingError
    from serving.monitor.demo import command

    try:
        return command.run(arguments)
    except (ServingError, TimeoutError) as error:
        raise InputError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="python -m serving.monitor",
        description="Tell when what comes in is no longer what the model learned.",
        epilog="Exit status 0: it is; 1: it is not; 2: trouble, told in one line.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=OneLineParser)
    check = commands.add_parser("check", help="look at request logs, once or with --watch for good")
    add_check_options(check)
    check.set_defaults(run=check_command.run)
    demo = commands.add_parser("demo", help="serve, send clean and drifted pictures, get the alert")
    add_demo_options(demo)
    demo.set_defaults(run=_demo)
    examples = commands.add_parser("examples", help="write request logs as validated examples")
    examples_command.add_examples_options(examples)
    examples.set_defaults(run=examples_command.run)
    learn = commands.add_parser("learn", help="take a reference of logged requests that were good")
    add_learn_options(learn)
    learn.set_defaults(run=run_learn)
    queue = commands.add_parser("queue", help="queue requests for people to label")
    add_queue_options(queue)
    queue.set_defaults(run=run_queue)
    trial = commands.add_parser("test-alert", help="send a test message to each receiver")
    trial.add_argument("--output", type=Path, default=Path("monitor"), help=argparse.SUPPRESS)
    add_alert_options(trial)
    trial.set_defaults(run=_try_receivers)
    return parser


if __name__ == "__main__":
    _quieten_libraries()
    sys.exit(main())
