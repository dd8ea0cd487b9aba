"""Starts a Beam job service with two worker pools behind it, each a process of its own."""

import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from pipeline.beam.options import EXTERNAL, PORTABLE, BeamOptions, beam_args
from pipeline.beam.wheel import build_wheel
from pipeline.fingerprint import PROJECT_ROOT

JOB_SERVICE = Path(__file__).with_name("job_service.py")
_START_SECONDS = 120.0
_STARTED = re.compile(r"^started .* as process (\d+)$", re.MULTILINE)


class Endpoint:
    """A job service that gives each job two workers, one from each pool.

    Args:
      folder: takes the package of the workers and the processes' logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self.pools, addresses = [], []
        for number in range(2):
            pool, address = self._start_pool(f"pool-{number}")
            self.pools.append(pool)
            addresses.append(address)
        _, passes_on = self._start_pool("passes-on", "--pools", ",".join(addresses))
        service = self._start("service", str(JOB_SERVICE), "2")
        job_endpoint = f"localhost:{service.stdout.readline().strip()}"
        options = BeamOptions(
            runner=PORTABLE,
            job_endpoint=job_endpoint,
            environment=EXTERNAL,
            environment_config=passes_on,
        )
        self.beam_args = beam_args(options, build_wheel(folder))

    def count_workers(self) -> list[int]:
        """Returns how many workers each pool has started."""
        logs = (self._folder / f"pool-{number}.log" for number in range(2))
        return [len(_STARTED.findall(log.read_text())) for log in logs]

    def close(self) -> None:
        """Ends all processes."""
        self._stack.close()

    def _start_pool(self, name: str, *more: str) -> tuple[subprocess.Popen, str]:
        pool = self._start(name, "-m", "pipeline.beam.worker_pool", *more)
        log, until = self._folder / f"{name}.log", time.monotonic() + _START_SECONDS
        while time.monotonic() < until and pool.poll() is None:
            if found := re.search(r"^worker pool at (\S+)$", log.read_text(), re.MULTILINE):
                return pool, found[1]
            time.sleep(0.1)
        raise RuntimeError(f"the pool did not start: {log.read_text()}")

    def _start(self, name: str, *arguments: str) -> subprocess.Popen:
        log = self._stack.enter_context((self._folder / f"{name}.log").open("w"))
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)
        self._stack.callback(process.stdin.close)
        return process
