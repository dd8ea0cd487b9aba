"""What the runners share: arguments -> configuration -> run -> result and exit status.

The last line on standard output is one JSON object; progress goes to standard error. Whatever can
be checked is checked before TensorFlow and TFX are imported, which takes 10 to 20 s.
"""

import argparse
import dataclasses
import os
import shlex
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from pipeline.arguments import make_config
from pipeline.beam.failures import tell_full_disk
from pipeline.beam.options import BeamWork
from pipeline.buckets.address import BucketAddress
from pipeline.buckets.fetch import fetch
from pipeline.buckets.publish import Outlet, find_outlet
from pipeline.claim import claim_database
from pipeline.config import PipelineConfig
from pipeline.lasting_imports import lasting_imports
from pipeline.models.restore import restore_pushed
from pipeline.pages.push import PAGES
from pipeline.prepare import prepare_data
from pipeline.run_result import RunResult
from pipeline.standby import servers_on_standby
from pipeline.workspace import Workspace, hold_workspace
from schema.errors import InputError
from serving.one_line_parser import OneLineParser

PUSHED, NOT_BLESSED, BAD_INPUT, DEFECT = 0, 1, 2, 70


def run(
    config: PipelineConfig,
    command: str,
    question: bool,
    work: BeamWork,
    outlet: Outlet | None = None,
) -> int:
    """Runs the pipeline, writes the report, prints the result; returns the exit status.

    Args:
      config: of the run.
      command: the command line, for the report.
      question: whether to ask the served model to read.
      work: where the data-parallel work of each stage runs.
      outlet: where pushed models are published, None where they are not.

    Raises:
      InputError: the data is bad, and nothing was pushed; or publishing failed, and the result was
        printed.
    """
    config = prepare_data(config)
    for version in restore_pushed(Workspace(config.workspace)):
        print(f"pushed elsewhere, now here: {version}", file=sys.stderr)
    print("importing TensorFlow and TFX ...", file=sys.stderr)
    # One for the check before the push, which comes from the cache at times, and one for the
    # question. They do their imports beside this process.
    with servers_on_standby(most=1 + question, at_once=question):
        with lasting_imports():
            from pipeline.report.render import write_report
            from pipeline.result_json import result_json
            from pipeline.run import run_pipeline

        result = run_pipeline(config, command, question, *work)
    unpublished = None
    try:
        result = _publish(result, outlet)
    except InputError as error:
        unpublished = error  # the model is pushed: that is told first
    report = write_report(result, config.reports_path / f"{result.run_id}.html")
    if result.served:
        print(f"picture  {result.served.image_path}")
        print(f"truth    {result.served.truth}")
        print(f"REST     {result.served.rest_reading}  ({result.served.rest_confidence:.1%})")
        print(f"gRPC     {result.served.grpc_reading}  ({result.served.grpc_confidence:.1%})")
    if result.span:
        print(f"span     {result.span.describe()}")
    if result.pages and result.pages.told:
        print(f"pages    {result.pages.told}")
    if result.published:
        print(f"bucket   {result.published}")
    print(f"report   {report}")
    print(result_json(result, report))
    if unpublished is not None:
        raise unpublished
    return PUSHED if result.blessed else NOT_BLESSED


def _publish(result: RunResult, outlet: Outlet | None) -> RunResult:
    """Has the bucket follow what was pushed; returns the result with the address."""
    if outlet is None or result.pushed is None:
        return result
    changed = [result.pushed]
    if result.pages is not None and result.pages.pushed is not None:
        changed.append(result.pages.pushed)
    published = outlet.publish([version.parent for version in changed])
    return dataclasses.replace(result, published=str(published[0]))


def run_command(
    parser: OneLineParser,
    arguments: Sequence[str],
    find_work: Callable[[argparse.Namespace, PipelineConfig], AbstractContextManager[BeamWork]],
) -> int:
    """Runs a command line; returns the exit status.

    Args:
      parser: of the runner; the name of its program is that of the script.
      arguments: what follows the program's name.
      find_work: from what was parsed, where Beam's work is done while the block lasts.
    """
    # Before TensorFlow is imported: it tells of missing GPUs as errors, and Google's clients of
    # Python versions to come as warnings.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)
    try:
        parsed = parser.parse_args(arguments)
        config = make_config(parsed)
        with find_work(parsed, config) as work, hold_workspace(config.workspace):
            claim_database(config)
            command = shlex.join(["python", parser.prog, *arguments])
            outlet = find_outlet(Workspace(config.workspace), parsed.publish)
            if outlet is not None:
                outlet.check(config.pipeline_name, PAGES)
            if isinstance(parsed.data_dir, BucketAddress):
                fetch(parsed.data_dir, config.workspace)
            return run(config, command, parsed.question, work, outlet)
    except InputError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return BAD_INPUT
    except Exception as error:  # the boundary: a defect is told whole, with a status of its own
        if full := tell_full_disk(str(error)):
            print(f"{parser.prog}: {full}", file=sys.stderr)
            return BAD_INPUT
        traceback.print_exc()
        return DEFECT
