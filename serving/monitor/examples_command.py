"""`python -m serving.monitor examples`: request logs as validated examples."""

import argparse
import sys
from pathlib import Path

DOES_NOT_FIT = 1
"""Exit status where the schema does not allow what came in."""


def add_examples_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `examples`."""
    add = parser.add_argument
    add("logs", nargs="+", type=Path, metavar="LOG", help="request log files, or folders of them")
    add(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="an empty folder, where lines and pages get folders of their own",
    )
    add(
        "--images",
        type=float,
        default=1.0,
        metavar="RATE",
        help="share of the examples that keep their picture (%(default)s)",
    )
    add("--only", metavar="NAME", help="the model, where the logs hold several")
    add("--only-version", type=int, metavar="N", help="its version, where they hold several")
    add(
        "--reference",
        type=Path,
        metavar="FOLDER",
        help="of the model, VERSION/assets.extra/monitor: with its words the share of unknown ones "
        "is measured",
    )
    add("--seed", type=int, default=0, help="of which pictures are kept (%(default)s)")
    add(
        "--beam-arg",
        action="append",
        default=[],
        metavar="ARG",
        help="for the Beam runner, such as --beam-arg=--runner=FlinkRunner; once for each",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the examples; returns the exit status.

    Raises:
      InputError: bad usage, or nothing to write.
    """
    from serving.monitor.examples import ExampleSettings, write_examples
    from serving.monitor.find_logs import find_logs
    from serving.monitor.reference import load_reference
    from serving.monitor.windows import IN_PROCESS

    words: frozenset[str] = frozenset()
    if arguments.reference is not None:
        words = load_reference(arguments.reference).words
    settings = ExampleSettings(
        image_rate=arguments.images,
        model=arguments.only,
        version=arguments.only_version,
        words=words,
        seed=arguments.seed,
    )
    files = find_logs(arguments.logs)
    written = write_examples(
        files, arguments.output, settings, tuple(arguments.beam_arg) or IN_PROCESS
    )
    for name, count in sorted(written.folders.items()):
        sys.stdout.write(f"{count} examples: {arguments.output / name}\n")
    for folder, feature, sentence in written.anomalies:
        sys.stdout.write(f"{folder}: {feature or 'all'}: {sentence}\n")
    for problem in written.log.problems:
        told = f"{problem.file}: {problem.message} ({problem.lost_bytes} bytes lost)"
        sys.stderr.write(f"{told}\n")
    for phrase, records in sorted(written.log.unusable.items()):
        sys.stderr.write(f"{records} records left out: {phrase}\n")
    return DOES_NOT_FIT if written.anomalies else 0
