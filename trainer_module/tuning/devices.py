"""Which GPU or share of the processors each worker has; no server, lock files only.

A GPU is taken by a lock on a file in a folder that all searches of this machine use. The worker's
process inherits it, so that the GPU is free once that process is gone, however it went. Imports no
TensorFlow, which would take memory of every GPU.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from schema.errors import InputError
from schema.file_lock import try_lock
from trainer_module.tuning.worker import CPUS

LOCK_FOLDER = Path(tempfile.gettempdir()) / "handwriting-gpus"
BUSY_SHARE = 0.1
"""Share of a GPU's memory in use above which somebody else is taken to be working on it."""

_QUERY = (
    "nvidia-smi",
    "--query-gpu=uuid,memory.used,memory.total",
    "--format=csv,noheader,nounits",
)
_QUERY_SECONDS = 30.0
_VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver tells of it; memory in MiB."""

    uuid: str
    used: float
    total: float

    @property
    def busy(self) -> bool:
        """Whether somebody is working on it who takes no locks."""
        return self.used > BUSY_SHARE * self.total


@dataclass
class Device:
    """What one worker computes on.

    Args:
      name: for people.
      environment: variables of its process.
      lock: held as long as it is used, None where nobody else can take it.
    """

    name: str
    environment: dict[str, str]
    lock: IO[bytes] | None = None

    def release(self) -> None:
        """Gives it back; a process that inherited the lock keeps it until its end."""
        if self.lock is not None:
            self.lock.close()


class DevicePool:
    """Gives each worker a GPU of its own, or where there are none a share of the processors.

    Args:
      workers: how many there are to be.
      lock_folder: holds the lock files of the GPUs.
      find_gpus: tells the GPUs.

    Raises:
      InputError: there are fewer processors than workers.
    """

    def __init__(
        self,
        workers: int,
        lock_folder: Path = LOCK_FOLDER,
        find_gpus: Callable[[], list[Gpu]] | None = None,
    ) -> None:
        self._lock_folder, self._find_gpus = lock_folder, find_gpus or list_gpus
        gpus = self._find_gpus()
        if gpus and workers > len(gpus):
            raise InputError(
                f"expected --parallel of at most {len(gpus)}, one a GPU, got {workers}: lower it"
            )
        self._shares = [] if gpus else share_processors(workers)
        self.on_gpus = bool(gpus)

    def take(self) -> Device | None:
        """Takes a device; returns None while all of them are in use."""
        if not self.on_gpus:
            return self._shares.pop(0) if self._shares else None
        for gpu in self._find_gpus():
            if gpu.busy:
                continue
            try:
                lock = try_lock(self._lock_folder / f"{gpu.uuid}.lock")
            except OSError as error:
                raise InputError(
                    f"expected to lock GPUs in {self._lock_folder}, got {error.strerror}: mend its "
                    "permissions, or set TMPDIR to another folder"
                ) from None
            if lock is not None:
                return Device(f"GPU {gpu.uuid}", {_VISIBLE: gpu.uuid}, lock)
        return None

    def give_back(self, device: Device) -> None:
        """Gives a device to whoever asks next."""
        device.release()
        if not self.on_gpus:
            self._shares.append(device)


def share_processors(workers: int) -> list[Device]:
    """Deals the processors of this process out.

    Raises:
      InputError: there are fewer than workers.
    """
    if hasattr(os, "sched_getaffinity"):
        processors: Sequence[int] = sorted(os.sched_getaffinity(0))
    else:
        processors = range(os.cpu_count() or 1)
    if workers > len(processors):
        raise InputError(
            f"expected --parallel of at most {len(processors)}, one a processor, got {workers}: "
            "lower it"
        )
    shares = (processors[number::workers] for number in range(workers))
    return [
        Device(f"CPU {told}", {_VISIBLE: "", CPUS: told})
        for told in (",".join(map(str, share)) for share in shares)
    ]


def list_gpus() -> list[Gpu]:
    """Asks the driver for the GPUs, those only that CUDA_VISIBLE_DEVICES leaves by UUID or number.

    Returns:
      none where there is no driver.

    Raises:
      InputError: the driver does not answer.
    """
    visible = os.environ.get(_VISIBLE)
    if visible is not None and not visible.strip():
        return []
    try:
        asked = subprocess.run(
            _QUERY, capture_output=True, text=True, check=True, timeout=_QUERY_SECONDS
        )
    except FileNotFoundError:
        return []
    except (OSError, subprocess.SubprocessError) as error:
        raise InputError(
            f"expected nvidia-smi to tell the GPUs, got {error}: mend the driver, or set "
            f"{_VISIBLE}= to compute without"
        ) from None
    gpus = [_read_gpu(line) for line in asked.stdout.splitlines() if line.strip()]
    if visible is None:
        return gpus
    wanted = [each.strip() for each in visible.split(",")]
    return [gpu for number, gpu in enumerate(gpus) if {str(number), gpu.uuid} & set(wanted)]


def _read_gpu(line: str) -> Gpu:
    uuid, used, total = (part.strip() for part in line.split(","))
    return Gpu(uuid, float(used), float(total))
