"""Compiles the pipeline for Kubeflow Pipelines 2 and Vertex: `python -m pipeline.kubeflow`.

Arguments -> configuration -> `create_pipeline` -> JSON, the same stages as the local runner's. The
file is checked against Kubeflow's own messages; nothing is submitted. Exit status: 0, or 2 where
it cannot be done, said in one line (docs/kubeflow.md).
"""

import argparse
import importlib.util
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.arguments import make_config, make_parser
from pipeline.buckets.address import BucketAddress
from pipeline.config import PipelineConfig
from pipeline.prepare import prepare_data
from schema.errors import InputError
from serving.whole_file import write_whole

DONE, BAD_INPUT = 0, 2
EXTRA = "kfp-pipeline-spec"


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; returns the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)  # Google's clients, of Python versions to come
    try:
        parsed = _make_parser().parse_args(arguments)
        require_messages()
        config = prepare_data(_make_config(parsed))
        sys.stderr.write("importing TensorFlow and TFX ...\n")
        job = compile_job(config, parsed.image, parsed.root)
        _write(job, parsed.output)
    except InputError as error:
        sys.stderr.write(f"pipeline.kubeflow: {error}\n")
        return BAD_INPUT
    return DONE


def require_messages() -> None:
    """Raises an `InputError` where the messages of Kubeflow are not installed."""
    try:
        found = importlib.util.find_spec("kfp.pipeline_spec")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise InputError(
            f"expected the package {EXTRA}, got none: install it as requirements.lock has it, or "
            "the extra 'kubeflow'"
        )


def compile_job(config: PipelineConfig, image: str, root: str | None = None) -> dict[str, Any]:
    """Returns the job as JSON's objects, once it is known to be one of Kubeflow's schema.

    Args:
      config: decides everything; its folders are those that containers see.
      image: the container's that runs every stage.
      root: where the artifacts go, such as gs://bucket/folder; None takes the configuration's.

    Raises:
      google.protobuf.json_format.ParseError: a defect; the job is none of the schema.
    """
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2
    from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
        KubeflowV2DagRunner,
        KubeflowV2DagRunnerConfig,
    )

    from pipeline.pipeline import create_pipeline

    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(default_image=image, use_pipeline_spec_2_1=True)
    )
    job: dict[str, Any] = runner.run(create_pipeline(config, reads_metadata=False), write_out=False)
    if root is not None:
        job["runtimeConfig"]["gcsOutputDirectory"] = root
    json_format.ParseDict(job, pipeline_spec_pb2.PipelineJob())
    return job


def _make_config(parsed: argparse.Namespace) -> PipelineConfig:
    if parsed.metadata is not None:
        raise InputError(
            "expected no --metadata, which Kubeflow keeps itself, got one: leave it out"
        )
    if parsed.artifacts is not None:
        raise InputError(
            "expected no --artifacts, whose place Kubeflow is told by --root, got "
            f"{parsed.artifacts}: give --root instead"
        )
    if parsed.publish is not None:
        raise InputError(
            "expected no --publish, which no stage of a compiled pipeline does, got "
            f"{parsed.publish}: leave it out"
        )
    if isinstance(parsed.data_dir, BucketAddress):
        raise InputError(
            f"expected a folder that containers see as --data-dir, got {parsed.data_dir}: mount "
            "the bucket, or copy from it first"
        )
    return make_config(parsed)


def _write(job: dict[str, Any], path: Path) -> None:
    try:
        write_whole(path.absolute(), (json.dumps(job, indent=1, sort_keys=True) + "\n").encode())
    except OSError as error:
        raise InputError(
            f"expected --output FILE that can be written, got {path} ({error.strerror}): choose "
            "another place"
        ) from None
    sys.stdout.write(f"{path}\n")


def _make_parser() -> argparse.ArgumentParser:
    parser = make_parser("python -m pipeline.kubeflow", __doc__ or "")
    parser.add_argument(
        "--image", required=True, help="of the pipeline, as containers are to pull it"
    )
    parser.add_argument(
        "--root", help="where the artifacts go, such as gs://bucket/folder (default: the workspace)"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("pipeline.json"), help="default: %(default)s"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
