"""Shares the cores of a machine among its Beam workers.

TensorFlow starts as many threads as there are cores, in each process: workers beside each other
then do little but take turns. `process_runner.py` gives those that Beam starts here their share.
Others import this module when they start, for `options.py` names it to Beam as a plugin: before
they unpack work, and so before TensorFlow computes anything. Light to import.
"""

import json
import os
from collections.abc import Mapping, MutableMapping

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""What TensorFlow takes as numbers of threads: within an operation, and of operations at a time."""

# How many workers a machine has, as Beam's options tell: portable or Spark, Flink. Flink's is of
# all machines together, so that one with few slots of many has fewer threads than cores.
_WORKERS = ("sdk_worker_parallelism", "parallelism")


def count_cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def share_cores(workers: int, cores: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables that give a worker its share, without those that somebody has set.

    Args:
      workers: that share the cores.
      cores: of the machine.
      environment: a worker's variables.
    """
    threads = str(max(1, cores // workers))
    return {name: threads for name in THREADS if workers > 1 and name not in environment}


def count_workers(environment: Mapping[str, str]) -> int:
    """Returns how many workers share a machine, 1 where nothing tells.

    Args:
      environment: a worker's variables; Beam's options are in PIPELINE_OPTIONS.
    """
    options = json.loads(environment.get("PIPELINE_OPTIONS", "{}"))
    told = (options.get(f"beam:option:{name}:v1") for name in _WORKERS)
    return max((int(count) for count in told if count), default=1)


def take_share(environment: MutableMapping[str, str], cores: int) -> None:
    """Gives this process its share, if it is a worker."""
    environment.update(share_cores(count_workers(environment), cores, environment))


take_share(os.environ, count_cores())
