"""Runs the experiments of a file: `python -m trainer_module.sweep FILE`.

The file lists trainings, or a grid of them (docs/tuning.md). Each is the Trainer's own training,
judged by the validation split alone. Stopped or killed, the same command goes on. A table comes at
the end, and on standard output one JSON object. Parses first and imports TensorFlow afterwards.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from serving.one_line_parser import OneLineParser
from trainer_module.tuning.entry import go_through, run_command
from trainer_module.tuning.experiments import read_experiments
from trainer_module.tuning.options import Limits, add_parallel, add_tracking, read_tracking
from trainer_module.tuning.study import Study


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the sweep.

    Returns:
      the exit status: 0, 1 where a run failed, 2 for bad usage or bad data, 130 when interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command("sweep", lambda: _sweep(arguments))


def _sweep(arguments: argparse.Namespace) -> int:
    limits = Limits(parallel=arguments.parallel)
    study, folder = read_experiments(arguments.file), arguments.folder.absolute()
    if arguments.list:
        _list(study)
        return 0
    tracking = read_tracking(arguments.track, folder)
    return go_through(study, folder / f"{arguments.file.stem}-{study.study_id}", limits, tracking)


def _list(study: Study) -> None:
    for run in study.runs:
        sys.stdout.write(f"{run.name}: {run.network}, {run.train_steps} steps, seed {run.seed}\n")


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m trainer_module.sweep", description=__doc__)
    add = parser.add_argument
    add("file", type=Path, help="TOML file of experiments")
    add("--list", action="store_true", help="tell the runs and end")
    add(
        "--folder",
        type=Path,
        default=Path("workspace/sweeps"),
        help="holds a folder for each sweep (default: %(default)s)",
    )
    add_parallel(parser)
    add_tracking(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
