"""Starts a Beam job service with two worker pools behind it, each a process of its own."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pipeline.beam.options import EXTERNAL, PORTABLE, BeamOptions, beam_args
from pipeline.beam.wheel import build_wheel
from pipeline.fingerprint import PROJECT_ROOT
from tests.pipeline.beam.machines import HERE, Machine

JOB_SERVICE = Path(__file__).with_name("job_service.py")
_START_SECONDS = 120.0
_STARTED = re.compile(r"^started .* as process (\d+)$", re.MULTILINE)

# In a mount namespace of their own, the last argument becomes an empty folder.
_HIDE = 'mount -t tmpfs none "$0" && exec "$@"'
_HIDING = ("unshare", "--mount", "sh", "-c", _HIDE)


def can_hide() -> bool:
    """Tells whether this machine lets us hide folders from processes (as root it does)."""
    try:
        return not subprocess.run([*_HIDING, "/mnt", "true"], check=False).returncode
    except FileNotFoundError:
        return False


class Endpoint:
    """A job service that gives each job two workers, one from each pool.

    Args:
      folder: takes the package of the workers and the processes' logs.
      environment: more variables of the processes.
      hidden: a folder that the pools and their workers see empty (`can_hide`), None for none.
      machines: of the job service with the pool that passes on, and one for each other pool.
    """

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str] | None = None,
        hidden: Path | None = None,
        machines: Sequence[Machine] = (HERE, HERE, HERE),
    ) -> None:
        self._folder = folder
        self._environment = os.environ | (environment or {})
        self._hiding = [*_HIDING, str(hidden)] if hidden else []
        self._jobs, *self.machines = machines
        self._stack = ExitStack()
        self._wheel = build_wheel(folder)
        self.pools, self.addresses = [], []
        for number, machine in enumerate(self.machines):
            pool, address = self.start_pool(f"pool-{number}", machine=machine)
            self.pools.append(pool)
            self.addresses.append(address)
        self.passes_on, self.address = self.start_passing_on("passes-on", *self.addresses)
        words = (sys.executable, str(JOB_SERVICE), "2", self._jobs.address)
        self.service = self.start("service", *self._jobs.enter, *words)
        self.job_endpoint = f"{self._jobs.address}:{self.service.stdout.readline().strip()}"
        self.beam_args = self.args_with(self.address)

    def args_with(self, pool: str, package: Path | None = None) -> tuple[str, ...]:
        """Returns Beam's arguments of a job whose environment names this pool."""
        options = BeamOptions(
            runner=PORTABLE,
            job_endpoint=self.job_endpoint,
            environment=EXTERNAL,
            environment_config=pool,
        )
        return beam_args(options, package or self._wheel)

    def count_workers(self) -> list[int]:
        """Returns how many workers each pool has started."""
        return [len(self.find_workers(f"pool-{number}")) for number in range(2)]

    def find_workers(self, name: str) -> list[int]:
        """Returns the process ids of the workers that a pool has started, as wards."""
        log = (self._folder / f"{name}.log").read_text()
        return [int(number) for number in _STARTED.findall(log)]

    def close(self) -> None:
        """Ends all processes."""
        self._stack.close()

    def start_passing_on(self, name: str, *pools: str) -> tuple[subprocess.Popen, str]:
        """Starts a pool, on the job service's machine, that asks these; see `start_pool`."""
        return self.start_pool(name, "--pools", ",".join(pools), machine=self._jobs)

    def start_pool(
        self,
        name: str,
        *more: str,
        machine: Machine | None = None,
        before: Sequence[str] = (),
    ) -> tuple[subprocess.Popen, str]:
        """Starts a pool; returns its process and its address.

        Args:
          name: of its log.
          more: of its options.
          machine: where it runs; the first pool's by default.
          before: the words of a command that goes before its own.
        """
        machine = machine or self.machines[0]
        words = (
            *machine.enter,
            *self._hiding,
            *before,
            sys.executable,
            "-m",
            "pipeline.beam.worker_pool",
        )
        pool = self.start(name, *words, "--host", machine.address, *more)
        log, until = self._folder / f"{name}.log", time.monotonic() + _START_SECONDS
        while time.monotonic() < until and pool.poll() is None:
            if found := re.search(r"^worker pool at (\S+)$", log.read_text(), re.MULTILINE):
                return pool, found[1]
            time.sleep(0.1)
        raise RuntimeError(f"the pool did not start: {log.read_text()}")

    def start(self, name: str, *command: str) -> subprocess.Popen:
        log = self._stack.enter_context((self._folder / f"{name}.log").open("w"))
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)
        self._stack.callback(process.stdin.close)
        return process
