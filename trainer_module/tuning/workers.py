"""The processes of a search: begun, watched, begun again when killed, and ended with it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from serving.ward import GRACE_SECONDS, describe_status
from trainer_module.tracking.choice import NONE, TrackingChoice
from trainer_module.tuning.devices import Device
from trainer_module.tuning.folder import LOGS

PROJECT_ROOT = Path(__file__).resolve().parents[2]
_END_SECONDS = GRACE_SECONDS + 10.0  # the ward kills the worker before that
_LAST_LINES = 3


@dataclass
class WorkerProcess:
    """A running worker.

    Args:
      name: Keras Tuner's name for it, as in "worker1".
      device: what it computes on.
      process: of the ward that ends with this process.
      log: what it says goes there.
    """

    name: str
    device: Device
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls,
        name: str,
        folder: Path,
        device: Device,
        environment: dict[str, str],
        tracking: TrackingChoice,
    ) -> "WorkerProcess":
        """Begins a worker on the search of a folder; its log is added to.

        Raises:
          OSError: there can be no log, or no process.
        """
        log = folder / LOGS / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        worker = [sys.executable, "-m", "trainer_module.tuning.worker", str(folder)]
        if tracking.tracker != NONE:
            worker += [tracking.tracker, tracking.folder]
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "serving.ward", *worker],
                cwd=PROJECT_ROOT,
                env=_environment() | environment | device.environment,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                # A Ctrl-C in the terminal is for the starter, who then ends the workers.
                start_new_session=True,
                pass_fds=_descriptors(device.lock),
            )
        return cls(name, device, process, log)

    @property
    def status(self) -> int | None:
        """Its exit status, None while it runs."""
        return self.process.poll()

    def how_it_ended(self) -> str:
        """Returns as in "was killed by SIGKILL", with its last words."""
        told = describe_status(self.process.wait())
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()][-_LAST_LINES:]
        return f"{told}; {self.log} ends with: {' | '.join(said) or 'nothing'}"

    def stop(self) -> None:
        """Ends it and waits for that; what it was training goes on later."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _environment() -> dict[str, str]:
    """Returns this process's environment; the project comes first among what can be imported."""
    path = os.pathsep.join(filter(None, (str(PROJECT_ROOT), os.environ.get("PYTHONPATH"))))
    return {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _descriptors(lock: IO[bytes] | None) -> tuple[int, ...]:
    return (lock.fileno(),) if lock is not None else ()
