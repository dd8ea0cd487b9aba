"""A Beam job service as the stock one, but with several workers, and to be reached from elsewhere.

    python job_service.py WORKERS ADDRESS

Prints its port, and ends when its standard input does.
"""

import sys

from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner

WORKERS, ADDRESS = int(sys.argv[1]), sys.argv[2]


class Job(local_job_service.BeamJob):
    def _invoke_runner(self):
        runner = fn_runner.FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = WORKERS
        return runner.run_via_runner_api(self._pipeline_proto, self.pipeline_options())


class Service(local_job_service.LocalJobServicer):
    def get_service_address(self):
        return ADDRESS


if __name__ == "__main__":
    service = Service(beam_job_type=Job)
    sys.stdout.write(f"{service.start_grpc_server()}\n")
    sys.stdout.flush()
    sys.stdin.read()
    service.stop()
