"""A machine that trains with others: `python -m trainer_module.worker`, with TF_CONFIG set.

Waits for the pipeline on the first machine of TF_CONFIG to reach its training, takes part in it and
ends with it; writes nothing. Reads the transformed examples under the same path as the pipeline, so
the workspace must be on a shared mount. Exit status: 0 the training is done; 2 bad usage or bad
data, or another machine was lost.
"""

import argparse
import logging
import os
import socket
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError
from serving.one_line_parser import OneLineParser
from trainer_module.cluster import TF_CONFIG, Cluster, read_cluster
from trainer_module.training_job import TrainingJob

REASON_FILE = "reason.txt"
"""Beside the job: why the training could not be done."""


def main(arguments: Sequence[str]) -> int:
    """Runs the command line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)  # Google's clients, of Python versions to come
    # TensorFlow takes the tracing of each variable's broadcast for a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    parser = OneLineParser(prog="python -m trainer_module.worker", description=__doc__)
    # How the pipeline starts its own share; not for users.
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    job = parser.parse_args(arguments).job
    try:
        _take_part(_find_cluster(job is not None), job)
    except InputError as error:
        sys.stderr.write(f"trainer_module.worker: {error}\n")
        if job is not None:
            job.with_name(REASON_FILE).write_text(str(error), encoding="utf-8")
        return 2
    return 0


def _find_cluster(leads: bool) -> Cluster:
    cluster = read_cluster(os.environ)
    if cluster is None:
        raise InputError(
            f"expected {TF_CONFIG} with two machines or more, got none: set it on every machine"
        )
    if cluster.leads != leads:
        raise InputError(
            f"expected a machine of {TF_CONFIG} after the first, got the first: run the pipeline "
            "here, which leads the training"
        )
    return cluster


def _take_part(cluster: Cluster, job: Path | None) -> None:
    told = TrainingJob.from_json(job.read_text(encoding="utf-8")) if job else None
    if not cluster.leads:
        _wait_for(cluster.addresses[0])
    from trainer_module.cluster_training import telling_lost_machines, train_together

    with telling_lost_machines():
        train_together(cluster, told)


def _wait_for(address: str) -> None:
    """Waits until the leader listens: its stages before training may take hours."""
    host, _, port = address.rpartition(":")
    sys.stderr.write(f"waiting for the training to begin at {address}\n")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
            return
        except OSError:
            time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
