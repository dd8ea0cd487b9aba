"""A Beam job service as the stock one, but with several workers: `python job_service.py WORKERS`.

Prints its port, and ends when its standard input does.
"""

import sys

from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner

WORKERS = int(sys.argv[1])


class Job(local_job_service.BeamJob):
    def _invoke_runner(self):
        runner = fn_runner.FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = WORKERS
        return runner.run_via_runner_api(self._pipeline_proto, self.pipeline_options())


if __name__ == "__main__":
    service = local_job_service.LocalJobServicer(beam_job_type=Job)
    sys.stdout.write(f"{service.start_grpc_server()}\n")
    sys.stdout.flush()
    sys.stdin.read()
    service.stop()
