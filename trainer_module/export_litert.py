"""Command line that makes a LiteRT model of a pushed line model.

`python -m trainer_module.export_litert MODEL` rebuilds the network from the model's card and
weights, compares the conversion on the model's own warm-up lines, which are of the validation
split, and prints the file and how it compares as JSON.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError
from serving.model_folder import find_model
from trainer_module.task_names import LINES

PARITY_LOST = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Export; return the exit status: 0, 1 when the model differs too much, 2 for bad usage."""
    arguments = _parser().parse_args(argv)
    try:
        folder = find_model(arguments.model)
        return _export(folder, arguments.output, arguments.columns, arguments.quantise)
    except InputError as error:
        sys.stderr.write(f"export_litert: {error}\n")
        return 2


def _export(folder: Path, output: Path | None, columns: int, quantise: bool) -> int:
    from serving.export import read_warmup_images
    from serving.litert import QUANTISED, LiteRtOptions, ParityError, export_litert
    from serving.model_folder import EXTRA_ASSETS, LITERT_FILE
    from trainer_module.tasks.lines import line_network
    from trainer_module.warm_start import load_exported
    from transforms.image import read_line

    task, network = load_exported(folder)
    if task.name != LINES:
        raise InputError(f"expected a line model, got one of {task.name} in {folder}: name another")
    path = output or folder / EXTRA_ASSETS / LITERT_FILE
    options = dataclasses.replace(QUANTISED if quantise else LiteRtOptions(), columns=columns)
    try:
        parity = export_litert(
            line_network(network),
            [variable.value for variable in network.variables],
            task.alphabet,
            [read_line(image).numpy()[:, :, 0] for image in read_warmup_images(folder)],
            path,
            options,
        )
    except ParityError as error:
        sys.stderr.write(f"export_litert: {error}\n")
        return PARITY_LOST
    told = {"litert": str(path), "bytes": path.stat().st_size, **dataclasses.asdict(parity)}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m trainer_module.export_litert",
        description="Make a LiteRT model, for machines without TensorFlow, of a line model.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("model", type=Path, help="a pushed line model, or the folder of its versions")
    add("--output", type=Path, help="the file to write (default: among the model's extra assets)")
    add("--columns", type=int, default=1024, help="width of the widest line (%(default)s)")
    add("--quantise", action="store_true", help="store weights in 8 bits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
