"""Beam's own local runner, whose worker processes share the machine's cores."""

import os
import shlex
from typing import Any

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from pipeline.beam.worker_threads import count_cores, share_cores


class ProcessRunner(FnApiRunner):
    """Runs pipelines with `--direct_running_mode=multi_processing`.

    Beam starts the processes with the variables of this one. Set here, those of a share would hold
    for training too, and for the model servers that are started from here.
    """

    def run_via_runner_api(
        self, pipeline_proto: beam_runner_api_pb2.Pipeline, options: PipelineOptions
    ) -> Any:
        """Puts a worker's share before the command that starts it, and runs the pipeline."""
        workers = options.view_as(DirectOptions).direct_num_workers
        share = share_cores(workers, count_cores(), os.environ)
        words = ("env", *(f"{name}={threads}" for name, threads in share.items()))
        for environment in pipeline_proto.components.environments.values():
            if environment.urn == python_urns.SUBPROCESS_SDK:
                environment.payload = shlex.join(words).encode() + b" " + environment.payload
        return super().run_via_runner_api(pipeline_proto, options)
