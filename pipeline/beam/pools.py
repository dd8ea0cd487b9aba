"""The pools behind `worker_pool.py`: one starts workers with the staged package, one passes on."""

import hashlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import zipfile
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

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

from pipeline.beam.versions import VERSIONS_PREFIX, describe_versions
from pipeline.fingerprint import PROJECT_ROOT
from schema.errors import InputError

_EXPERIMENTS = "beam:option:experiments:v1"
_WORKER = ("-m", "apache_beam.runners.worker.sdk_worker_main")
_WARD = ("-m", "serving.ward")
_END_SECONDS = 10.0


class ProjectPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts a process a worker.

    Args:
      folder: takes the packages that were staged, each unpacked once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._unpacking = threading.Lock()

    def StartWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Starts a worker, or tells in one line why not."""
        try:
            worker = self._workers[request.worker_id] = self._start(request)
            sys.stderr.write(f"started {request.worker_id} as process {worker.pid}\n")
        except (InputError, OSError, grpc.RpcError) as error:
            traceback.print_exc()
            return beam_fn_api_pb2.StartWorkerResponse(error=" ".join(str(error).split()))
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """Ends a worker."""
        worker = self._workers.pop(request.worker_id, None)
        if worker is not None:
            _end(worker)
        return beam_fn_api_pb2.StopWorkerResponse()

    def close(self) -> None:
        """Ends all workers."""
        while self._workers:
            _end(self._workers.popitem()[1])

    def _start(self, request: beam_fn_api_pb2.StartWorkerRequest) -> subprocess.Popen[bytes]:
        info = _ask_provision(request)
        options = json_format.MessageToDict(info.pipeline_options)
        _check_versions(options.get(_EXPERIMENTS) or [])
        path = [
            str(self._unpack(request, artifact))
            for artifact in info.dependencies
            if _staged_name(artifact).endswith(".whl")
        ]
        # The ward, of this project, is for where no package was staged.
        known = (*path, *filter(None, [os.environ.get("PYTHONPATH")]), str(PROJECT_ROOT))
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(known),
            "WORKER_ID": request.worker_id,
            "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
            "CONTROL_API_SERVICE_DESCRIPTOR": _describe(request.control_endpoint),
            "LOGGING_API_SERVICE_DESCRIPTOR": _describe(request.logging_endpoint),
        }
        # `-m` puts the working folder first: it shall be no other checkout.
        return subprocess.Popen(
            [sys.executable, *_WARD, sys.executable, *_WORKER],
            cwd=path[0] if path else self._folder,
            env=environment,
            stdin=subprocess.PIPE,  # closes when this process ends, and with it the worker
        )

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
            for part in stub.GetArtifact(wanted, metadata=_as_worker(request)):
                digest.update(part.data)
                file.write(part.data)
            target = self._folder / digest.hexdigest()
            with self._unpacking:
                if not target.is_dir():
                    draft = Path(tempfile.mkdtemp(dir=self._folder))
                    with zipfile.ZipFile(file) as wheel:
                        wheel.extractall(draft)
                    draft.rename(target)
        return target


class PassOn(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts no worker, but asks other pools, one after the other.

    Args:
      pools: HOST:PORT of each.
    """

    def __init__(self, pools: Sequence[str]) -> None:
        self._stubs = [
            beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(grpc.insecure_channel(pool))
            for pool in pools
        ]
        self._turns = itertools.count()
        self._started_by: dict[str, beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub] = {}

    def StartWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Asks the pool whose turn it is, and where that does not answer the others."""
        first, said = next(self._turns), ""
        for number in range(len(self._stubs)):
            stub = self._stubs[(first + number) % len(self._stubs)]
            try:
                response = stub.StartWorker(request)
            except grpc.RpcError as error:
                said = error.details()
                continue
            self._started_by[request.worker_id] = stub
            return response
        return beam_fn_api_pb2.StartWorkerResponse(error=f"no pool answers: {said}")

    def StopWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """Asks the pool that started the worker."""
        stub = self._started_by.pop(request.worker_id, None)
        return stub.StopWorker(request) if stub else beam_fn_api_pb2.StopWorkerResponse()

    def close(self) -> None:
        """Nothing to end here."""


def _ask_provision(
    request: beam_fn_api_pb2.StartWorkerRequest,
) -> beam_provision_api_pb2.ProvisionInfo:
    with grpc.insecure_channel(request.provision_endpoint.url) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        wanted = beam_provision_api_pb2.GetProvisionInfoRequest()
        return stub.GetProvisionInfo(wanted, metadata=_as_worker(request)).info


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


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def serve(servicer: ProjectPool | PassOn, host: str, port: int) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    server = grpc.server(futures.ThreadPoolExecutor(16))
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(servicer, server)
    try:
        port = server.add_insecure_port(f"{host}:{port}")
    except RuntimeError:
        raise InputError(
            f"expected a free address, got {host}:{port}, which is taken: choose another --port"
        ) from None
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    sys.stderr.write(f"worker pool at {host}:{port}\n")
    ended.wait()
    server.stop(1.0)
    servicer.close()
