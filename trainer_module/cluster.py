"""Which machines train together, as `TF_CONFIG` tells. Light to import.

The first worker leads: it runs the pipeline and alone writes. The others run
`python -m trainer_module.worker`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.errors import InputError

TF_CONFIG = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
)
_CHIEF, _WORKER = "chief", "worker"
_ADDRESS = re.compile(r"[^\s:/]+:\d{1,5}")


@dataclass(frozen=True)
class Cluster:
    """Machines that train one model.

    Args:
      addresses: "host:port" of each, the leader's first.
      index: which of them this is.
    """

    addresses: tuple[str, ...]
    index: int

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes."""
        return self.index == 0


def read_cluster(environment: Mapping[str, str]) -> Cluster | None:
    """Reads `TF_CONFIG`; None without it, or where it names one machine only.

    Raises:
      InputError: it is not as TensorFlow wants it.
    """
    text = environment.get(TF_CONFIG, "")
    if not text.strip():
        return None
    try:
        told = json.loads(text)
    except ValueError as error:
        raise _wrong(f"no JSON ({error})") from None
    if not isinstance(told, dict) or not isinstance(told.get("cluster"), dict):
        raise _wrong('no object with a "cluster"')
    jobs = told["cluster"]
    if unknown := set(jobs) - {_CHIEF, _WORKER}:
        raise _wrong(f"a cluster with {', '.join(sorted(unknown))}")
    chiefs, workers = _addresses(jobs, _CHIEF), _addresses(jobs, _WORKER)
    addresses = (*chiefs, *workers)
    if len(chiefs) > 1 or len(set(addresses)) < len(addresses):
        raise _wrong("two chiefs, or one address twice")
    index = _find_index(told.get("task"), len(chiefs), len(workers))
    return Cluster(addresses, index) if len(addresses) > 1 else None


def check_leader(environment: Mapping[str, str], batch_size: int) -> None:
    """Raises an `InputError` where a pipeline on this machine could not lead the training."""
    cluster = read_cluster(environment)
    if cluster is None:
        return
    if not cluster.leads:
        raise InputError(
            f"expected the pipeline on the first machine of {TF_CONFIG}, "
            f"{cluster.addresses[0]}, got it on number {cluster.index}: run "
            "python -m trainer_module.worker here"
        )
    check_batch(batch_size, len(cluster.addresses))


def check_batch(batch_size: int, replicas: int) -> None:
    """Raises an `InputError` where a batch cannot be shared equally."""
    if batch_size % replicas:
        raise InputError(
            f"expected a batch_size that {replicas} replicas share equally, got {batch_size}: "
            f"give --set batch_size={-(-batch_size // replicas) * replicas}"
        )


def _addresses(jobs: dict[str, Any], job: str) -> tuple[str, ...]:
    addresses = jobs.get(job, [])
    if not isinstance(addresses, list):
        raise _wrong(f"{addresses!r} where a list of {job}s should be")
    for address in addresses:
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise _wrong(f"the address {address!r}, not host:port")
    return tuple(addresses)


def _find_index(task: Any, chiefs: int, workers: int) -> int:
    counts = {_CHIEF: chiefs, _WORKER: workers}
    if isinstance(task, dict) and task.get("type") in counts:
        job, index = task["type"], task.get("index")
        if type(index) is int and 0 <= index < counts[job]:
            return index + (chiefs if job == _WORKER else 0)
    raise _wrong(f"the task {task!r}, which is none of the cluster's")


def _wrong(what: str) -> InputError:
    return InputError(f"expected {TF_CONFIG} as in {_EXAMPLE}, got {what}: correct or unset it")
