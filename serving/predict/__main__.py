"""Command line that has pictures read by a model server.

`python -m serving.predict IMAGE... --rest http://HOST:PORT` prints what was read. Needs no
TensorFlow, over either protocol.
"""

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from schema.errors import InputError
from serving.client.errors import ServingError
from serving.client.readings import read_row
from serving.client.rest import RestConnection
from serving.client.rpc import GrpcConnection
from serving.client.served_model import Connection, ServedModel, find_model
from serving.client.stream import Answered, Limits, ask_many
from serving.predict.outputs import FORMATS, TEXT, XML_FORMATS, Outputs
from serving.predict.pdf import DPI
from serving.predict.sources import STANDARD_INPUT, Source, list_sources, may_be_many
from serving.signatures import CHARACTER, TEXTS
from serving.signatures import TEXT as LINE

_AT_ONCE = {TEXTS: 1, LINE: 32, CHARACTER: 64}
"""Pictures in a request: pages are read one after the other anyway, lines gain from company."""

_CLOSED, _INTERRUPTED = 1, 130  # exit statuses: no reader any more; as shells have it
_PATIENCE = 1.0  # seconds until a progress bar is worth its room


def main(argv: Sequence[str] | None = None) -> int:
    """Has pictures read; returns the exit status: 0, or 2 where something could not be read."""
    arguments = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # texts of any script, in any locale
    try:
        return 2 if _predict(arguments) else 0
    except (InputError, ServingError) as error:
        _tell(str(error))
        return 2
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has seen enough; Python would complain of it once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED


def _predict(arguments: argparse.Namespace) -> int:
    """Reads and writes; returns how many pictures could not be read."""
    many = may_be_many(arguments.images)
    if many and arguments.format in XML_FORMATS and arguments.output is None:
        raise InputError(
            f"expected a folder for one {arguments.format} file a picture, got none: give --output"
        )
    sources = list_sources(arguments.images)
    outputs = Outputs(arguments.format, sys.stdout, arguments.output, arguments.draw, many)
    with _connection(arguments) as connection:
        model = find_model(connection, arguments.model)
        limits = Limits(
            pictures=arguments.batch or _AT_ONCE[model.output], in_flight=arguments.in_flight
        )
        return _read_all(connection, model, sources, outputs, limits, arguments.dpi)


def _read_all(
    connection: Connection,
    model: ServedModel,
    sources: Sequence[Source],
    outputs: Outputs,
    limits: Limits,
    dpi: int,
) -> int:
    where = f"{connection.where} model {model.name!r}"

    def ask(images: Sequence[bytes]) -> list[Any]:
        rows = connection.predict(model.name, images)
        return [read_row(row, model.output, where) for row in rows]

    broken = 0
    answers = ask_many(ask, _pictures(sources, dpi), lambda picture: picture.content, limits)
    look = {"unit": "picture", "disable": None, "delay": _PATIENCE, "leave": False}
    with tqdm(total=len(sources), **look) as bar:
        for answered in answers:
            if answered.item.page == 1 < answered.item.pages:
                bar.total += answered.item.pages - 1
            broken += _finish(answered, outputs)
            bar.update()
    return broken


def _pictures(sources: Sequence[Source], dpi: int) -> Iterator[Any]:
    from serving.predict.pictures import open_pictures

    for source in sources:
        yield from open_pictures(source, dpi)


def _finish(answered: Answered[Any], outputs: Outputs) -> bool:
    """Writes what came of a picture; tells whether it could not be read."""
    problem = answered.item.problem or answered.problem
    if problem:
        _tell(f"{answered.item.name}: {problem}")
        return True
    outputs.write(answered.item, answered.answer)
    return False


def _tell(message: str) -> None:
    tqdm.write(f"predict: {message}", file=sys.stderr)


def _connection(arguments: argparse.Namespace) -> RestConnection | GrpcConnection:
    trusted = _read_trusted(arguments.ca) if arguments.ca else None
    if arguments.rest is not None:
        return RestConnection(arguments.rest, arguments.timeout, trusted)
    return GrpcConnection(arguments.grpc, arguments.timeout, trusted)


def _read_trusted(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected certificates in PEM form, got {type(error).__name__} for {path}: "
            "name another file"
        ) from None


def _at_least_one(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text):
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text!r}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m serving.predict",
        description="Have pictures of pages, lines or characters read by a model server.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "images",
        nargs="+",
        metavar="IMAGE",
        help=f"pictures, PDF files, folders of them, or {STANDARD_INPUT} for standard input",
    )
    server = parser.add_mutually_exclusive_group(required=True)
    server.add_argument("--rest", metavar="URL", help="the server's REST side: http://HOST:PORT")
    server.add_argument("--grpc", metavar="HOST:PORT", help="the server's gRPC side")
    add("--ca", type=Path, metavar="PEM", help="certificates to trust; gRPC speaks TLS with them")
    add("--model", metavar="NAME", help="to ask; by default the first of the usual names it has")
    add("--format", choices=FORMATS, default=TEXT, help="of what is written (%(default)s)")
    add("--output", type=Path, metavar="FOLDER", help="write a file a picture there")
    add("--draw", type=Path, metavar="FOLDER", help="draw the lines over each picture there")
    add("--dpi", type=_at_least_one, default=DPI, help="to draw PDF pages at (%(default)s)")
    add("--batch", type=_at_least_one, metavar="N", help="pictures a request; by the model")
    add("--in-flight", type=_at_least_one, default=2, metavar="N", help="requests (%(default)s)")
    add("--timeout", type=_seconds, default=60.0, help="seconds for each answer (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
