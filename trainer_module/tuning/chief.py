"""Keras Tuner's chief on a port that is free, which the operating system chooses.

Keras Tuner's own takes a port that is named beforehand, shares it with whoever has it already, and
waits for ever for workers that were killed: `search.py` knows when they are done.
"""

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer

from trainer_module.tuning.oracles import Durable

HOST = "127.0.0.1"


@contextmanager
def serve_oracle(oracle: Durable) -> Iterator[int]:
    """Answers the workers inside the block, one call at a time; yields the port."""
    options = (("grpc.so_reuseport", 0),)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), options=options)
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


def worker_environment(port: int, worker: str) -> dict[str, str]:
    """Returns what tells a worker's Keras Tuner where the chief is and who it is."""
    return {
        "KERASTUNER_TUNER_ID": worker,
        "KERASTUNER_ORACLE_IP": HOST,
        "KERASTUNER_ORACLE_PORT": str(port),
        "no_grpc_proxy": HOST,
    }
