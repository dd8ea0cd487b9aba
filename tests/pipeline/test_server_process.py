"""Processes that are started for a run end with it, however it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.server_process import ServerProcess
from serving.ward import describe_status

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPER
PID = re.compile(r"pid (\d+)")


def lives(pid):
    """Whether a process runs; one that has ended and is not waited for yet does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_for_end(pid, seconds=10.0):
    deadline = time.monotonic() + seconds
    while lives(pid):
        assert time.monotonic() < deadline, f"process {pid} outlives its starter"
        time.sleep(0.02)


@pytest.mark.parametrize("program", [SLEEPER, STUBBORN])
def test_what_is_stopped_has_ended(program, monkeypatch):
    process = ServerProcess([sys.executable, "-c", program])
    pid = int(process.wait_for_line(PID, 20)[1])
    assert process.how_it_ended() is None
    process.stop()
    assert not lives(pid)
    process.stop()  # a second time does nothing


def test_the_end_and_the_last_words_are_told():
    script = (
        "print('one'); print('two'); print('three'); print('four \\N{BULLET}'); raise SystemExit(3)"
    )
    process = ServerProcess([sys.executable, "-X", "utf8", "-c", script])
    assert process.wait_for_line(re.compile("never"), 20) is None
    assert process.last_words() == "two | three | four \N{BULLET}"
    process.stop()
    assert process.how_it_ended() == "ended with status 3"


def test_a_signal_is_named():
    process = ServerProcess(
        [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]
    )
    assert process.wait_for_line(re.compile("never"), 20) is None
    process.stop()
    assert process.how_it_ended() == "was killed by SIGSEGV"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0, "ended with status 0"),
        (1, "ended with status 1"),
        (128, "ended with status 128"),
        (137, "was killed by SIGKILL"),
        (-9, "was killed by SIGKILL"),
        (255, "ended with status 255"),
    ],
)
def test_exit_statuses_in_words(status, told):
    assert describe_status(status) == told


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_orphan_is_left_when_the_starter_is_killed(number):
    starter = f"""
import re, signal, sys, time
from pipeline.server_process import ServerProcess
# A starter in the background of a shell would ignore it from the beginning.
signal.signal(signal.SIGINT, signal.default_int_handler)
process = ServerProcess([sys.executable, "-c", {SLEEPER!r}])
print(process.wait_for_line(re.compile(r"pid (\\d+)"), 20)[1], flush=True)
time.sleep(600)
"""
    running = subprocess.Popen(
        [sys.executable, "-c", starter],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    pid = int(running.stdout.readline())
    assert lives(pid)
    os.kill(running.pid, number)
    running.wait(10)
    running.stdout.close()
    wait_for_end(pid)
