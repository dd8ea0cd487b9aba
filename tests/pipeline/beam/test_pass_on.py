"""The pool that passes on: whom it asks, for how long, and what it tells of them."""

import threading
import time
from concurrent import futures

import grpc
import pytest
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
)

from pipeline.beam import pass_on
from pipeline.beam.losses import Losses, losses_handler
from pipeline.beam.pass_on import PassOn


class JobService(beam_provision_api_pb2_grpc.ProvisionServiceServicer):
    """Tells the name of the job."""

    def GetProvisionInfo(self, request, context):  # noqa: N802 - Beam's name
        info = beam_provision_api_pb2.ProvisionInfo()
        info.pipeline_options["beam:option:experiments:v1"] = ["handwriting_job=job"]
        return beam_provision_api_pb2.GetProvisionInfoResponse(info=info)


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Notes what it is asked, and waits until it may go on."""

    def __init__(self):
        self.started, self.stopped, self.lost = [], [], ()
        self.going_on = threading.Event()
        self.going_on.set()

    def StartWorker(self, request, context):  # noqa: N802 - Beam's name
        self.going_on.wait(30)
        self.started.append(request.worker_id)
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request, context):  # noqa: N802 - Beam's name
        self.going_on.wait(30)
        self.stopped.append(request.worker_id)
        return beam_fn_api_pb2.StopWorkerResponse()

    def tell(self, job):
        self.going_on.wait(30)
        return Losses(len(self.started) if job == "job" else 0, self.lost)


@pytest.fixture
def serving():
    """Serves the job service and two pools; returns the pools, their servers and what to ask."""
    pools, servers, addresses = [Pool(), Pool()], [], []
    for servicer in (*pools, JobService()):
        server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        if isinstance(servicer, Pool):
            beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(servicer, server)
            server.add_generic_rpc_handlers((losses_handler(servicer.tell),))
        else:
            beam_provision_api_pb2_grpc.add_ProvisionServiceServicer_to_server(servicer, server)
        addresses.append(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        servers.append(server)
    passing = PassOn(addresses[:2])

    def start(name):
        request = beam_fn_api_pb2.StartWorkerRequest(worker_id=name)
        request.provision_endpoint.url = addresses[2]
        return passing.StartWorker(request, None).error

    yield pools, servers, passing, start
    passing.close()
    for pool, server in zip((*pools, None), servers, strict=True):
        if pool:
            pool.going_on.set()
        server.stop(0).wait()


def stop(passing, name):
    started = time.monotonic()
    passing.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id=name), None)
    return time.monotonic() - started


def test_pools_take_turns_and_end_what_they_started(serving):
    pools, _, passing, start = serving
    assert [start(name) for name in "abc"] == ["", "", ""]
    assert [pool.started for pool in pools] == [["a", "c"], ["b"]]
    for name in "bx":
        stop(passing, name)
    assert [pool.stopped for pool in pools] == [[], ["b"]]


def test_workers_of_one_name_are_left_to_end_with_their_jobs(serving):
    pools, _, passing, start = serving
    start("a")
    start("a")
    stop(passing, "a")
    assert [pool.stopped for pool in pools] == [[], []]


def test_a_pool_that_hangs_is_passed_over_and_then_asked_last(serving, monkeypatch):
    pools, _, _, start = serving
    monkeypatch.setattr(pass_on, "_ATTEMPT_SECONDS", 0.3)
    pools[0].going_on.clear()
    assert start("a") == ""
    begun = time.monotonic()
    assert [start(name) for name in "bcd"] == ["", "", ""]
    assert time.monotonic() - begun < 0.3
    assert pools[1].started == list("abcd")


def test_no_pool_that_answers_is_told_in_bounded_time(serving, monkeypatch):
    pools, _, _, start = serving
    monkeypatch.setattr(pass_on, "_ATTEMPT_SECONDS", 5.0)
    monkeypatch.setattr(pass_on, "_START_SECONDS", 0.4)
    for pool in pools:
        pool.going_on.clear()
    begun = time.monotonic()
    said = start("a")
    assert time.monotonic() - begun < 2
    assert said.startswith("no pool answers: 127.0.0.1:")


def test_a_worker_of_a_pool_that_is_gone_or_hangs_is_stopped_in_bounded_time(serving, monkeypatch):
    pools, servers, passing, start = serving
    monkeypatch.setattr(pass_on, "_STOP_SECONDS", 0.3)
    for name in "ab":
        start(name)
    servers[0].stop(0).wait()
    pools[1].going_on.clear()
    assert stop(passing, "a") < 2
    assert stop(passing, "b") < 2


def test_it_tells_what_its_pools_tell_of_a_job(serving):
    pools, _, passing, start = serving
    assert passing.tell_losses("job") == Losses(0)
    for name in "ab":
        start(name)
    assert passing.tell_losses("job") == Losses(2)
    pools[0].lost = ("one that was killed",)
    assert passing.tell_losses("job") == Losses(2, ("one that was killed",))
    assert passing.tell_losses("another") == Losses(0)


def test_a_pool_that_was_started_anew_has_lost_its_workers(serving):
    pools, _, passing, start = serving
    for name in "ab":
        start(name)
    pools[1].started.clear()
    [said] = passing.tell_losses("job").lost
    assert "started anew" in said


def test_a_job_service_that_does_not_answer_is_told(serving):
    _, _, passing, _ = serving
    request = beam_fn_api_pb2.StartWorkerRequest(worker_id="a")
    request.provision_endpoint.url = "127.0.0.1:1"
    assert "job service does not answer" in passing.StartWorker(request, None).error
