"""What is heard of a pool's workers, by questions to real servers in this process."""

import threading
from concurrent import futures

import grpc
import pytest

from pipeline.beam import losses
from pipeline.beam.losses import Losses, PoolWatch, find_job, losses_handler, open_channel


@pytest.fixture
def serve():
    """Returns what starts a server on an address; with no answer it knows no questions."""
    servers = []

    def start(tell=None, address="127.0.0.1:0"):
        server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
        if tell:
            server.add_generic_rpc_handlers((losses_handler(tell),))
        port = server.add_insecure_port(address)
        server.start()
        servers.append(server)
        return f"127.0.0.1:{port}", server

    yield start
    for server in servers:
        server.stop(0).wait()


@pytest.fixture
def watch():
    channels = []

    def make(address, **more):
        channels.append(open_channel(address))
        return PoolWatch(address, channels[-1], "job", **more)

    yield make
    for channel in channels:
        channel.close()


def test_the_job_among_the_experiments():
    assert find_job(["a=b", "handwriting_job=one", "handwriting_job=two"]) == "two"
    assert find_job(["a=b"]) == ""


def test_what_the_pool_tells_of_the_job_is_heard(serve, watch):
    told = {"job": Losses(2, ("ä worker that was killed",)), "other": Losses(1, ("another",))}
    looking = watch(serve(told.__getitem__)[0])
    assert looking.look() == ("ä worker that was killed",)
    told["job"] = Losses(3)
    assert looking.look() == ()
    assert looking.started == 3


def test_a_pool_that_knows_fewer_workers_than_before_was_started_anew(serve, watch):
    told = [Losses(2), Losses(0)]
    looking = watch(serve(lambda _: told.pop(0))[0])
    assert looking.look() == ()
    [said] = looking.look()
    assert "started anew" in said


def test_a_pool_that_does_not_know_the_question_counts_as_there(serve, watch):
    assert watch(serve()[0]).look() == ()


def test_an_address_where_nobody_listens_counts_as_lost_after_a_while(serve, watch, monkeypatch):
    address, server = serve(lambda _: Losses(1))
    looking = watch(address)
    assert looking.look() == ()
    server.stop(0).wait()
    assert looking.look() == ()  # it may come back
    monkeypatch.setattr(losses, "REFUSED_SECONDS", 0.0)
    [said] = looking.look()
    assert said.startswith(f"the pool {address}, which does not answer")


def test_a_pool_that_hangs_counts_as_lost_only_after_longer(serve, watch, monkeypatch):
    going_on = threading.Event()

    def hang(_):
        going_on.wait(30)
        return Losses(1)

    monkeypatch.setattr(losses, "REFUSED_SECONDS", 0.0)
    looking = watch(serve(hang)[0], patience=0.2)
    assert looking.look() == ()
    monkeypatch.setattr(losses, "SILENT_SECONDS", 0.0)
    assert "does not answer" in looking.look()[0]
    going_on.set()
    looking.patience = 10.0
    assert looking.look() == ()
    # Silence is counted from its own begin, not from that of an earlier one.
    monkeypatch.setattr(losses, "SILENT_SECONDS", 30.0)
    going_on.clear()
    looking.patience = 0.2
    assert looking.look() == ()
    going_on.set()
