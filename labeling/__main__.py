"""Command line of the labelling application: `python -m labeling COMMAND`.

    serve   the web application: gather, label, agree, export
    import  lines that are to be labelled, or bring their labels along
    export  labels, as the next span of training data or in another format

Exit status 0: done; 2: bad usage or bad data, in one line with the remedy.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from labeling.formats import EXPORTERS, IMPORTERS
from schema.errors import InputError
from serving.one_line_parser import OneLineParser

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130
SPAN = "span"
DEFAULT_FOLDER, DEFAULT_PORT = Path("labels"), 8600


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status."""
    arguments = make_parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # texts of any script, in any locale
    try:
        status: int = arguments.run(arguments)
        return status
    except InputError as error:
        sys.stderr.write(f"labeling: {error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    parser = OneLineParser(
        prog="labeling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_serve(commands.add_parser("serve", help="run the web application"))
    bring = commands.add_parser("import", help="bring lines in")
    bring.add_argument("format", choices=sorted(IMPORTERS), help="of what is brought")
    bring.add_argument("path", type=Path, help="file or folder")
    bring.add_argument(
        "--annotators",
        type=int,
        choices=(1, 2),
        default=1,
        help="who must label each line independently (default: %(default)s)",
    )
    _add_folder(bring)
    _add_alphabet(bring)
    bring.set_defaults(run=_import)
    take = commands.add_parser("export", help="take labels out")
    take.add_argument("format", choices=sorted({SPAN, *EXPORTERS}), help="to write")
    take.add_argument(
        "path", type=Path, help="file or folder to write; for a span, the folder of all spans"
    )
    take.add_argument(
        "--span", type=int, metavar="N", help="write a new version of span N, with corrections"
    )
    _add_folder(take)
    take.set_defaults(run=_export)
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    _add_folder(parser)
    _add_alphabet(parser)
    parser.add_argument(
        "--spans",
        type=Path,
        help="folder that labels are exported to as spans (default: spans/ in the folder)",
    )
    parser.add_argument(
        "--server", default="", metavar="URL", help="REST address of a model that reads lines first"
    )
    parser.add_argument("--model", help="its name there (default: the first that reads lines)")
    parser.add_argument(
        "--page-model",
        default="pages",
        metavar="NAME",
        help="of the model there that finds lines on pages (default: %(default)s)",
    )
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        metavar="DIR",
        help="of the pipeline's runs: what its latest model gets wrong is asked for "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--prompts", type=Path, metavar="FILE", help="texts to be written, instead of made-up ones"
    )
    parser.add_argument(
        "--consent", type=Path, metavar="FILE", help="what writers agree to, instead of our text"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; others than this machine's own need a token "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="holds the token; made where it is missing"
    )
    parser.set_defaults(run=_serve)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        type=Path,
        default=DEFAULT_FOLDER,
        help="where lines and labels are kept (default: %(default)s)",
    )


def _add_alphabet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--alphabet",
        default="latin",
        help="of labels: latin, or a file such as a pushed model's (default: %(default)s)",
    )


def _serve(arguments: argparse.Namespace) -> int:
    from labeling.serving_command import serve

    return serve(arguments)


def _import(arguments: argparse.Namespace) -> int:
    from labeling.transfer_command import bring_in

    return bring_in(arguments)


def _export(arguments: argparse.Namespace) -> int:
    from labeling.transfer_command import take_out

    return take_out(arguments)


if __name__ == "__main__":
    sys.exit(main())
