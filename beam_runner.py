"""Runs the handwriting pipeline with its data-parallel work on an engine of Apache Beam's.

The stages follow each other on this machine; what ingest, statistics, Transform and evaluation do
with examples runs on --runner: processes here, any Beam job endpoint, Flink, Spark or Dataflow
(docs/beam.md). The last line on standard output is one JSON object; progress goes to standard
error. Exit status: 0 blessed and pushed; 1 ran, but not blessed and nothing pushed; 2 bad usage or
bad data; 70 a defect, whose traceback goes to standard error.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.arguments import make_parser
from pipeline.beam.arguments import add_beam, make_beam_options
from pipeline.beam.far import check_far
from pipeline.beam.options import BeamWork, beam_args
from pipeline.beam.reach import check_reach
from pipeline.beam.wheel import build_wheel
from pipeline.command import run_command
from pipeline.config import PipelineConfig
from pipeline.fingerprint import PROJECT_ROOT
from pipeline.ingest.record_sources import SOURCES


@contextmanager
def find_work(arguments: argparse.Namespace, config: PipelineConfig) -> Iterator[BeamWork]:
    """Checks where Beam's work shall run, and builds the package for workers elsewhere."""
    options = make_beam_options(arguments)
    packed = config.dataset not in SOURCES
    far_workers = check_far(options, config.artifacts.address, arguments.data_dir, packed)
    check_reach(options)
    if not options.distributed:
        # Worker processes of this machine import the project as we do.
        known = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(PROJECT_ROOT), known)))
        yield BeamWork(beam_args(options))
        return
    with tempfile.TemporaryDirectory(prefix="handwriting-package-") as folder:
        yield BeamWork(beam_args(options, build_wheel(Path(folder))), far_workers)


def main(arguments: Sequence[str]) -> int:
    """Runs the command line."""
    parser = make_parser("beam_runner.py", __doc__ or "")
    add_beam(parser)
    return run_command(parser, arguments, find_work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
