"""Runs the handwriting pipeline on this machine: arguments -> configuration -> LocalDagRunner.

The last line on standard output is one JSON object; progress goes to standard error. Exit
status: 0 blessed and pushed; 1 ran, but not blessed and nothing pushed; 2 bad usage or bad data;
70 a defect, whose traceback goes to standard error.
"""

import sys
from collections.abc import Sequence
from contextlib import nullcontext

from pipeline.arguments import make_parser
from pipeline.beam.options import IN_PROCESS, BeamWork
from pipeline.command import run_command


def main(arguments: Sequence[str]) -> int:
    """Runs the command line."""
    parser = make_parser("local_runner.py", __doc__ or "")
    return run_command(parser, arguments, lambda *_: nullcontext(BeamWork(IN_PROCESS)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
