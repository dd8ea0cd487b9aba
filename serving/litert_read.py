"""Command line that reads line pictures with a LiteRT model.

`python -m serving.litert_read lines.tflite IMAGE...` prints a reading and its confidence a picture.
It reads as the pushed model does where the model's `decoding.npz` lies beside. Needs no TensorFlow
where `ai-edge-litert` is installed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schema.errors import InputError
from serving.model_folder import ALPHABET_FILE, DECODING_FILE, read_alphabet

if TYPE_CHECKING:
    from transforms.line_decoding import LineDecoding


def main(argv: Sequence[str] | None = None) -> int:
    """Read and print; return the exit status: 0, or 2 for a model or picture that cannot be."""
    arguments = _parser().parse_args(argv)
    alphabet_file = arguments.alphabet or arguments.model.with_name(ALPHABET_FILE)
    try:
        alphabet = read_alphabet(alphabet_file)
        from serving.litert_reader import load_litert

        reader = load_litert(arguments.model, alphabet, _find_decoding(arguments))
        for image in arguments.images:
            reading = reader.read(_read_bytes(image), str(image))
            sys.stdout.write(f"{reading.text}\t{reading.confidence:.4f}\n")
    except InputError as error:
        sys.stderr.write(f"litert_read: {error}\n")
        return 2
    return 0


def _find_decoding(arguments: argparse.Namespace) -> "LineDecoding | None":
    from serving.decoding_file import read_decoding

    if arguments.decoding:
        return read_decoding(arguments.decoding)
    beside: Path = arguments.model.with_name(DECODING_FILE)
    return read_decoding(beside) if beside.is_file() else None


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"expected a file, got {path} ({error.strerror}): correct its path"
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m serving.litert_read",
        description="Read pictures of lines with a LiteRT model.",
        allow_abbrev=False,
    )
    parser.add_argument("model", type=Path, help="the .tflite file")
    parser.add_argument("images", type=Path, nargs="+", help="PNG or JPEG of a line each")
    parser.add_argument(
        "--alphabet", type=Path, help=f"its symbols; {ALPHABET_FILE} beside the model by default"
    )
    parser.add_argument(
        "--decoding",
        type=Path,
        help=f"its decoder; {DECODING_FILE} beside the model by default, else the best path",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
