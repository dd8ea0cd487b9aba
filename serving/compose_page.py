"""Command line that puts a detector and a line recogniser into one servable for pages.

`python -m serving.compose_page --detector DIR --lines DIR --output BASE_PATH` prints the folder of
the new version. Parses first and imports TensorFlow afterwards, so `--help` answers at once.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError
from serving.model_folder import find_model


def main(argv: Sequence[str] | None = None) -> int:
    """Compose and return the exit status: 0, or 2 for parents that do not fit."""
    arguments = _parser().parse_args(argv)
    try:
        detector, lines = find_model(arguments.detector), find_model(arguments.lines)
        from serving.page_export import compose_page

        version = compose_page(detector, lines, arguments.output)
    except InputError as error:
        sys.stderr.write(f"compose_page: {error}\n")
        return 2
    sys.stdout.write(f"{version}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m serving.compose_page",
        description="Make one servable that reads pages of a detector and a line recogniser.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    either = "a SavedModel, or the folder of its versions (the newest is taken)"
    add("--detector", type=Path, required=True, help=f"finds the lines: {either}")
    add("--lines", type=Path, required=True, help=f"reads them: {either}")
    add("--output", type=Path, required=True, help="folder to which a version is added")
    return parser


if __name__ == "__main__":
    sys.exit(main())
