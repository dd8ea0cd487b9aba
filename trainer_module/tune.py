"""Searches hyperparameters for a model: `python -m trainer_module.tune MODEL`.

On the examples that the model was trained on, by the model's own training, judged by the
validation split alone; the first trial has the model's own hyperparameters. Stopped or killed, the
same command goes on. The last line on standard output is one JSON object. Parses first and imports
TensorFlow afterwards.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError
from serving.one_line_parser import OneLineParser
from trainer_module.hyperparameters.space import check_space
from trainer_module.tuning.entry import go_through, run_command
from trainer_module.tuning.from_model import read_card
from trainer_module.tuning.options import (
    Limits,
    add_parallel,
    add_search_limits,
    add_tracking,
    read_tracking,
)
from trainer_module.tuning.study import ALGORITHMS, HYPERBAND, Study
from trainer_module.tuning.typed_file import read_space


def main(argv: Sequence[str] | None = None) -> int:
    """Searches; returns the exit status: 0, 2 for bad usage or bad data, 130 when interrupted."""
    arguments = _parser().parse_args(argv)
    return run_command("tune", lambda: _tune(arguments))


def _tune(arguments: argparse.Namespace) -> int:
    limits = Limits(arguments.trials, arguments.minutes, arguments.parallel)
    study, folder = _make_study(arguments), arguments.folder.absolute()
    tracking = read_tracking(arguments.track, folder)
    return go_through(study, folder / study.study_id, limits, tracking)


def _make_study(arguments: argparse.Namespace) -> Study:
    data, base = read_card(arguments.model.absolute())
    if arguments.train_steps is not None:
        if arguments.train_steps < 1:
            raise InputError(
                f"expected --train-steps >= 1, got {arguments.train_steps}: correct it"
            )
        base = dataclasses.replace(base, train_steps=arguments.train_steps)
    if arguments.seed is not None:
        base = dataclasses.replace(base, seed=arguments.seed)
    space = read_space(arguments.space) if arguments.space else base.record.space
    check_space(space, base.record)
    return Study(data, base, arguments.algorithm, space)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m trainer_module.tune", description=__doc__)
    add = parser.add_argument
    add("model", type=Path, help="a trained model, or the folder of its versions")
    add(
        "--algorithm",
        choices=ALGORITHMS,
        default=HYPERBAND,
        help="how values are chosen (default: %(default)s)",
    )
    add("--space", type=Path, metavar="FILE", help="TOML file of what to vary, docs/tuning.md")
    add("--train-steps", type=int, help="of a whole training (default: the model's)")
    add("--seed", type=int, help="of trainings and choices (default: the model's)")
    add(
        "--folder",
        type=Path,
        default=Path("workspace/tuning"),
        help="holds a folder for each search (default: %(default)s)",
    )
    add_search_limits(parser)
    add_parallel(parser)
    add_tracking(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
