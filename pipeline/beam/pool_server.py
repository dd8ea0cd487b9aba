"""Serves a pool of `worker_pool.py` until it is told to end."""

import signal
import sys
import threading
from concurrent import futures

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc

from pipeline.beam.losses import losses_handler
from pipeline.beam.pass_on import PassOn
from pipeline.beam.pools import ProjectPool
from schema.errors import InputError

_THREADS = 64
"""A pool that hangs holds one for each worker asked of it, and questions must still be answered."""


def serve(servicer: ProjectPool | PassOn, host: str, port: int) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS))
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(servicer, server)
    server.add_generic_rpc_handlers((losses_handler(servicer.tell_losses),))
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
