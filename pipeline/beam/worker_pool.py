"""A pool that starts Beam workers with the project's package, for `--environment external`.

    python -m pipeline.beam.worker_pool --port PORT [--pools HOST:PORT,HOST:PORT]

Beam's own pool starts workers but leaves what was staged for them aside, which the containers' boot
program installs. This one fetches the staged wheel and puts it first on the workers' path, and
refuses where Python or Beam differ from those of the run: what is pickled by one is not read by
another. With --pools it starts no worker itself and passes each wish on to the next of these pools:
a Beam job names one address only. Ends on SIGTERM or Ctrl-C, with its workers.
"""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from pipeline.beam.options import split_address
from schema.errors import InputError
from serving.one_line_parser import OneLineParser


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; returns the exit status."""
    parser = OneLineParser(
        prog="pipeline.beam.worker_pool",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="default: any free one, told")
    parser.add_argument("--pools", default="", metavar="LIST", help="pass on to these pools")
    parsed = parser.parse_args(arguments)
    pools = [pool for pool in parsed.pools.split(",") if pool]
    try:
        for pool in pools:
            split_address(pool, "--pools")
        warnings.simplefilter("ignore", FutureWarning)  # of Google's clients, about Python 3.10
        from pipeline.beam.pass_on import PassOn
        from pipeline.beam.pool_server import serve
        from pipeline.beam.pools import ProjectPool

        with tempfile.TemporaryDirectory(prefix="handwriting-workers-") as folder:
            servicer = PassOn(pools) if pools else ProjectPool(Path(folder))
            serve(servicer, parsed.host, parsed.port)
    except InputError as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
