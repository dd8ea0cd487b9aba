"""The pool behind `worker_pool.py --pools` that starts no worker, but asks other pools in turn."""

import itertools
import sys
import threading
import time
from collections.abc import Sequence
from concurrent import futures

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from pipeline.beam.losses import ASK_BEHIND_SECONDS, Losses, PoolWatch, find_job, open_channel
from pipeline.beam.pools import END_SECONDS, ask_provision, read_experiments

_ATTEMPT_SECONDS, _START_SECONDS = 15.0, 45.0
"""For one pool to start a worker, and for all that are asked one after the other."""
_STOP_SECONDS = END_SECONDS + 5.0
_AVOID_SECONDS = 60.0
"""For which a pool that did not answer is asked last."""
_REMEMBERED_JOBS, _REMEMBERED_WORKERS = 256, 10_000


class PassOn(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts no worker, but asks other pools, one after the other.

    Args:
      pools: HOST:PORT of each.
    """

    def __init__(self, pools: Sequence[str]) -> None:
        self._channels = {pool: open_channel(pool) for pool in pools}
        self._turns = itertools.count()
        self._failed: dict[str, float] = {}
        self._started_by: dict[str, list[str]] = {}
        self._jobs: dict[str, dict[str, PoolWatch]] = {}
        self._changing = threading.Lock()

    def StartWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Asks the pool whose turn it is, and where that does not answer the others."""
        try:
            job = find_job(read_experiments(ask_provision(request)))
        except grpc.RpcError as error:
            said = f"the job service does not answer a pool: {error.details()}"
            return beam_fn_api_pb2.StartWorkerResponse(error=said)
        until, said = time.monotonic() + _START_SECONDS, ""
        for pool in self._in_turn():
            if (left := until - time.monotonic()) <= 0:
                break
            try:
                response = self._stub(pool).StartWorker(request, min(_ATTEMPT_SECONDS, left))
            except grpc.RpcError as error:
                said = f"{pool} {error.details()}"
                self._failed[pool] = time.monotonic()
                continue
            self._failed.pop(pool, None)
            if not response.error:
                self._note(job, request.worker_id, pool)
            return response
        return beam_fn_api_pb2.StartWorkerResponse(error=f"no pool answers: {said}")

    def StopWorker(  # noqa: N802 - Beam's name
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """Asks the pool that started the worker, where it is still there."""
        with self._changing:
            pools = self._started_by.pop(request.worker_id, [])
        if len(pools) != 1:  # unknown, or a name that two jobs share: they end when their job does
            return beam_fn_api_pb2.StopWorkerResponse()
        try:
            return self._stub(pools[0]).StopWorker(request, _STOP_SECONDS)
        except grpc.RpcError as error:
            sys.stderr.write(f"{request.worker_id} not stopped: {pools[0]} {error.details()}\n")
            return beam_fn_api_pb2.StopWorkerResponse()

    def tell_losses(self, job: str) -> Losses:
        """Asks the pools that were asked for a worker of the job, all at once."""
        with self._changing:
            watches = list(self._jobs.get(job, {}).values())
        if not watches:
            return Losses()
        started = sum(watch.started for watch in watches)
        with futures.ThreadPoolExecutor(len(watches)) as threads:
            lost = threads.map(PoolWatch.look, watches)
            return Losses(started, tuple(itertools.chain.from_iterable(lost)))

    def close(self) -> None:
        """Closes the connections."""
        for channel in self._channels.values():
            channel.close()

    def _in_turn(self) -> list[str]:
        """Returns the pools as they shall be asked: those that failed a while ago at the end."""
        pools, first = list(self._channels), next(self._turns)
        turned = [pools[(first + number) % len(pools)] for number in range(len(pools))]
        now, never = time.monotonic(), -_AVOID_SECONDS
        return sorted(turned, key=lambda pool: now - self._failed.get(pool, never) < _AVOID_SECONDS)

    def _stub(self, pool: str) -> beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub:
        return beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(self._channels[pool])

    def _note(self, job: str, worker: str, pool: str) -> None:
        with self._changing:
            self._started_by.setdefault(worker, []).append(pool)
            while len(self._started_by) > _REMEMBERED_WORKERS:
                del self._started_by[next(iter(self._started_by))]
            watches = self._jobs.setdefault(job, {})
            if pool not in watches:
                watches[pool] = PoolWatch(pool, self._channels[pool], job, ASK_BEHIND_SECONDS)
            watches[pool].started += 1
            while len(self._jobs) > _REMEMBERED_JOBS:
                del self._jobs[next(iter(self._jobs))]
