"""The pool behind `worker_pool.py` that starts workers, each with the package that was staged.

`pass_on.py` holds the one that asks other pools, `pool_server.py` serves either.
"""

import errno
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import grpc
from apache_beam.portability.api import (
    beam_artifact_api_pb2,
    beam_artifact_api_pb2_grpc,
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
    beam_runner_api_pb2,
    endpoints_pb2,
)
from google.protobuf import json_format, text_format

from pipeline.beam.losses import Losses, find_job
from pipeline.beam.versions import VERSIONS_PREFIX, describe_versions
from pipeline.fingerprint import PROJECT_ROOT
from schema.errors import InputError
from serving.ward import describe_status

_EXPERIMENTS = "beam:option:experiments:v1"
_WORKER = ("-m", "apache_beam.runners.worker.sdk_worker_main")
_WARD = ("-m", "serving.ward")
_ASK_SECONDS, _FETCH_SECONDS = 10.0, 60.0
END_SECONDS = 10.0
"""For workers to end by themselves."""
_REMEMBERED_JOBS = 256


@dataclass
class _Worker:
    """One that was started: its name, the process, and whether we have been told to end it."""

    name: str
    process: subprocess.Popen[bytes]
    stopped: bool = False


class ProjectPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts a process a worker.

    Args:
      folder: takes the packages that were staged, each unpacked once, and what workers leave.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Here what a killed worker leaves behind goes when the pool does.
        self._temporary = folder / "temporary"
        self._temporary.mkdir()
        self._jobs: dict[str, list[_Worker]] = {}
        self._changing = threading.Lock()
        self._unpacking = threading.Lock()

    def StartWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Starts a worker, or tells in one line why not."""
        try:
            job, process = self._start(request)
        except (InputError, OSError, grpc.RpcError) as error:
            traceback.print_exc()
            return beam_fn_api_pb2.StartWorkerResponse(error=_in_one_line(error))
        worker = _Worker(request.worker_id, process)
        if not context.is_active():  # too late: another pool was asked meanwhile
            _end([worker])
            return beam_fn_api_pb2.StartWorkerResponse(error="too late")
        with self._changing:
            self._jobs.setdefault(job, []).append(worker)
            self._forget()
        sys.stderr.write(f"started {request.worker_id} as process {process.pid}\n")
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """Ends a worker."""
        with self._changing:
            named = [
                worker
                for workers in self._jobs.values()
                for worker in workers
                if worker.name == request.worker_id and not worker.stopped
            ]
        # Two jobs may give their workers one name. Left alone they end when their job does.
        if len(named) == 1:
            _end(named)
        return beam_fn_api_pb2.StopWorkerResponse()

    def tell_losses(self, job: str) -> Losses:
        """Tells which workers of a job ended before their time."""
        with self._changing:
            workers = list(self._jobs.get(job, ()))
        return Losses(
            started=len(workers),
            lost=tuple(
                f"a worker of the pool on {platform.node()} that {describe_status(status)} (that "
                "pool's output tells more)"
                for worker in workers
                if (status := worker.process.poll()) and not worker.stopped
            ),
        )

    def close(self) -> None:
        """Ends all workers."""
        with self._changing:
            _end([worker for workers in self._jobs.values() for worker in workers])

    def _forget(self) -> None:
        """Forgets the oldest jobs, whose workers have ended."""
        while len(self._jobs) > _REMEMBERED_JOBS:
            job, workers = next(iter(self._jobs.items()))
            if any(worker.process.poll() is None for worker in workers):
                return
            del self._jobs[job]

    def _start(
        self, request: beam_fn_api_pb2.StartWorkerRequest
    ) -> tuple[str, subprocess.Popen[bytes]]:
        """Starts a worker; returns its job's name and its process."""
        info = ask_provision(request)
        experiments = read_experiments(info)
        _check_versions(experiments)
        path = [
            str(self._take(request, artifact))
            for artifact in info.dependencies
            if _staged_name(artifact).endswith(".whl")
        ]
        # The ward, of this project, is for where no package was staged.
        known = (*path, *filter(None, [os.environ.get("PYTHONPATH")]), str(PROJECT_ROOT))
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(known),
            "TMPDIR": str(self._temporary),
            "WORKER_ID": request.worker_id,
            "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
            "CONTROL_API_SERVICE_DESCRIPTOR": _describe(request.control_endpoint),
            "LOGGING_API_SERVICE_DESCRIPTOR": _describe(request.logging_endpoint),
        }
        # `-m` puts the working folder first: it shall be no other checkout.
        process = subprocess.Popen(
            [sys.executable, *_WARD, sys.executable, *_WORKER],
            cwd=path[0] if path else self._folder,
            env=environment,
            stdin=subprocess.PIPE,  # closes when this process ends, and with it the worker
        )
        return find_job(experiments), process

    def _take(
        self,
        request: beam_fn_api_pb2.StartWorkerRequest,
        artifact: beam_runner_api_pb2.ArtifactInformation,
    ) -> Path:
        """Fetches a staged wheel and unpacks it; returns the folder.

        Raises:
          InputError: there is no room for it.
        """
        try:
            return self._unpack(request, artifact)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise InputError(
                f"expected room for the run's package in {self._folder} of {platform.node()}, got "
                f"{error.strerror}: free some, or start that pool with TMPDIR set to another folder"
            ) from None

    def _unpack(
        self,
        request: beam_fn_api_pb2.StartWorkerRequest,
        artifact: beam_runner_api_pb2.ArtifactInformation,
    ) -> Path:
        """Fetches a staged wheel; returns the folder that it is unpacked in."""
        with (
            tempfile.TemporaryFile(dir=self._folder) as file,
            grpc.insecure_channel(request.artifact_endpoint.url) as channel,
        ):
            stub = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
            digest = hashlib.sha256()
            wanted = beam_artifact_api_pb2.GetArtifactRequest(artifact=artifact)
            parts = stub.GetArtifact(wanted, _FETCH_SECONDS, metadata=_as_worker(request))
            for part in parts:
                digest.update(part.data)
                file.write(part.data)
            target = self._folder / digest.hexdigest()
            with self._unpacking:
                if not target.is_dir():
                    self._unpack_whole(file, target)
        return target

    def _unpack_whole(self, file: IO[bytes], target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            draft = Path(folder) / target.name
            with zipfile.ZipFile(file) as wheel:
                wheel.extractall(draft)
            draft.rename(target)


def ask_provision(
    request: beam_fn_api_pb2.StartWorkerRequest,
) -> beam_provision_api_pb2.ProvisionInfo:
    """Asks the job service what a worker needs.

    Raises:
      grpc.RpcError: it does not answer.
    """
    with grpc.insecure_channel(request.provision_endpoint.url) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        wanted = beam_provision_api_pb2.GetProvisionInfoRequest()
        return stub.GetProvisionInfo(wanted, _ASK_SECONDS, metadata=_as_worker(request)).info


def read_experiments(info: beam_provision_api_pb2.ProvisionInfo) -> list[str]:
    """Returns Beam's experiments among the job's options."""
    options = json_format.MessageToDict(info.pipeline_options)
    return [str(name) for name in options.get(_EXPERIMENTS) or []]


def _as_worker(request: beam_fn_api_pb2.StartWorkerRequest) -> tuple[tuple[str, str]]:
    return (("worker_id", request.worker_id),)


def _staged_name(artifact: beam_runner_api_pb2.ArtifactInformation) -> str:
    payload = beam_runner_api_pb2.ArtifactStagingToRolePayload
    return str(payload.FromString(artifact.role_payload).staged_name)


def _check_versions(experiments: Sequence[str]) -> None:
    """Refuses a run of other versions; one that does not tell its own is taken."""
    here = describe_versions()
    for experiment in experiments:
        told = experiment.removeprefix(VERSIONS_PREFIX)
        if told != experiment and told != here:
            raise InputError(
                f"expected a worker with {told} as the run has, got one with {here}: start the "
                "pool in the same environment (make setup)"
            )


def _describe(endpoint: endpoints_pb2.ApiServiceDescriptor) -> str:
    return str(text_format.MessageToString(endpoint))


def _in_one_line(error: Exception) -> str:
    if isinstance(error, grpc.RpcError):
        return f"the job service does not answer a pool: {error.details()}"
    return " ".join(str(error).split())


def _end(workers: Sequence[_Worker]) -> None:
    """Ends workers at once; each may take its time to end in order."""
    for worker in workers:
        worker.stopped = True
        worker.process.terminate()
    until = time.monotonic() + END_SECONDS
    for worker in workers:
        try:
            worker.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
