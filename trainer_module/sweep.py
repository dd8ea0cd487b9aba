"""Runs the experiments of a file: `python -m trainer_module.sweep FILE`.

The file lists trainings, or a grid of them (docs/tuning.md). Each is the Trainer's own training,
judged by the validation split alone. Stopped or killed, the same command goes on. A table comes at
the end, and on standard output one JSON object. Parses first and imports TensorFlow afterwards.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError
from serving.one_line_parser import OneLineParser
from trainer_module.tuning.experiments import read_experiments
from trainer_module.tuning.folder import hold_folder
from trainer_module.tuning.options import Limits, add_parallel
from trainer_module.tuning.study import Study

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the sweep.

    Returns:
      the exit status: 0, 1 where a run failed, 2 for bad usage or bad data, 130 when interrupted.
    """
    arguments = _parser().parse_args(argv)
    # Before TensorFlow is imported: it tells of missing GPUs as errors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)
    try:
        limits = Limits(parallel=arguments.parallel)
        study = read_experiments(arguments.file)
        if arguments.list:
            _list(study)
            return 0
        folder = (arguments.folder / f"{arguments.file.stem}-{study.study_id}").absolute()
        with hold_folder(folder):
            return _sweep(study, folder, limits)
    except InputError as error:
        sys.stderr.write(f"sweep: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("sweep: interrupted; run the same command again to go on\n")
        return INTERRUPTED


def _list(study: Study) -> None:
    for run in study.runs:
        sys.stdout.write(f"{run.name}: {run.network}, {run.train_steps} steps, seed {run.seed}\n")


def _sweep(study: Study, folder: Path, limits: Limits) -> int:
    sys.stderr.write(f"{len(study.runs)} runs in {folder}; importing TensorFlow ...\n")
    from trainer_module.tuning.command import run_study

    return run_study(study, folder, limits)


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
    return parser


if __name__ == "__main__":
    sys.exit(main())
