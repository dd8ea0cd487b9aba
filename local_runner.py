"""Runs the handwriting pipeline on this machine: arguments -> configuration -> LocalDagRunner.

The last line on standard output is one JSON object; progress goes to standard error. Exit
status: 0 blessed and pushed; 1 ran, but not blessed and nothing pushed; 2 bad usage or bad data;
70 a defect, whose traceback goes to standard error.
"""

import os
import shlex
import sys
import traceback
import warnings
from collections.abc import Sequence

from pipeline.arguments import make_config, make_parser
from pipeline.config import PipelineConfig
from pipeline.prepare import prepare_data
from pipeline.workspace import hold_workspace
from schema.errors import InputError

PUSHED, NOT_BLESSED, BAD_INPUT, DEFECT = 0, 1, 2, 70


def run(config: PipelineConfig, command: str, question: bool) -> int:
    """Runs the pipeline, writes the report, prints the result; returns the exit status."""
    config = prepare_data(config)
    # TensorFlow and TFX take 10 to 20 s to import: only now, when the run is known to be sound.
    print("importing TensorFlow and TFX ...", file=sys.stderr)
    from pipeline.report.render import write_report
    from pipeline.result_json import result_json
    from pipeline.run import run_pipeline

    result = run_pipeline(config, command, question)
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
    print(f"report   {report}")
    print(result_json(result, report))
    return PUSHED if result.blessed else NOT_BLESSED


def main(arguments: Sequence[str]) -> int:
    """Runs the command line."""
    # Before TensorFlow is imported: it tells of missing GPUs as errors, and Google's clients of
    # Python versions to come as warnings.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)
    try:
        parsed = make_parser("local_runner.py", __doc__ or "").parse_args(arguments)
        config = make_config(parsed)
        with hold_workspace(config.workspace):
            command = shlex.join(["python", "local_runner.py", *arguments])
            return run(config, command, parsed.question)
    except InputError as error:
        print(f"local_runner.py: {error}", file=sys.stderr)
        return BAD_INPUT
    except Exception:
        traceback.print_exc()
        return DEFECT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
