import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.ingest.sample import SampleSize, ensure_sample, processes
from pipeline.ingest.sample.processes import share_out

SMALL = SampleSize(train_per_class=3, test_per_class=1, train_writers=4, test_writers=2)


ASK_PID = "__import__('os').getpid()"
"""For `eval`: a new process finds no function of a test."""


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(processes, "_LEAST_GLYPHS", 1)


def test_few_glyphs_are_written_here() -> None:
    with share_out(100) as spread:
        assert list(spread(eval, [ASK_PID] * 3)) == [os.getpid()] * 3


@pytest.mark.usefixtures("two_processors")
def test_other_processes_write_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_two = ensure_sample(tmp_path / "two", size=SMALL)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    by_one = ensure_sample(tmp_path / "one", size=SMALL)
    names = sorted(path.name for path in by_one.iterdir())
    assert [(by_two / name).read_bytes() for name in names] == [
        (by_one / name).read_bytes() for name in names
    ]


@pytest.mark.usefixtures("two_processors")
def test_many_are_written_elsewhere_and_an_error_comes_back() -> None:
    with share_out(2) as spread:
        assert os.getpid() not in set(spread(eval, [ASK_PID] * 4))
        with pytest.raises(ValueError, match="invalid literal"):
            list(spread(int, ["1", "one"]))


STARTER = """
import time
from pipeline.ingest.sample import processes
if __name__ == "__main__":
    processes._LEAST_GLYPHS = 1
    processes.os.sched_getaffinity = lambda _: {0, 1}
    with processes.share_out(2) as spread:
        print(next(spread(eval, ["__import__('os').getpid()"])), flush=True)
        time.sleep(60)
"""


def test_no_process_outlives_a_killed_starter(tmp_path: Path) -> None:
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    starter = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    assert starter.stdout is not None
    worker = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 20
    while _runs(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
