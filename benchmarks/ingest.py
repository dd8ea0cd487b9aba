"""Times ingestion beside a plain NumPy loop and prints the figures as JSON.

    python benchmarks/ingest.py --emnist FOLDER --pages FOLDER

Each case of `ingest_cases.py` runs in a process of its own: glyphs to ingested examples, glyphs to
pictures of lines, and lines out of pages; by a loop in one process, and by Beam in one process
and with two workers. For each: seconds of wall clock and of processor time (imports not counted,
the start of workers counted), and the most memory that the process and any worker had resident.
What one glyph more costs is the slope between the smallest and the largest run. Run it with the
project's environment.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from main_job import ROOT, describe_commit, describe_machine

GLYPHS = (50_000, 100_000, 200_000)
LINE_CASES = (
    *(("loop_ingest", 1), ("beam_ingest", 1), ("beam_ingest", 2)),
    *(("loop_pictures", 1), ("beam_pictures", 1), ("beam_pictures", 2)),
)
PAGE_CASES = (("read_pages_only", 1), ("plan_pages", 1), ("beam_pages", 1), ("beam_pages", 2))
WORKER = "sdk_worker_main"
"""In the command of Beam's worker processes."""

_POLL_SECONDS = 0.1


def run_case(case: str, folder: Path, count: int, workers: int) -> dict[str, Any]:
    """Runs one case and watches how much memory its workers take."""
    script = ROOT / "benchmarks" / "ingest_cases.py"
    return watch_case(
        {"case": case, "workers": workers},
        [sys.executable, str(script), case, str(folder), str(count), str(workers)],
    )


def watch_case(named: dict[str, Any], command: list[str]) -> dict[str, Any]:
    """Runs a command that prints one JSON object, with an eye on its Beam workers.

    Args:
      named: what is run, as it stands in the result.
      command: runs it.
    """
    benchmarks = ROOT / "benchmarks"
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}:{benchmarks}",
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    peaks: dict[int, float] = {}
    while started.poll() is None:
        for worker in _descendants(started.pid):
            peaks[worker] = max(peaks.get(worker, 0.0), _peak_mib(worker))
        time.sleep(_POLL_SECONDS)
    output = started.stdout.read() if started.stdout else ""
    if started.returncode:
        sys.exit(f"{named} ended with {started.returncode}")
    found = {**named, **json.loads(output.splitlines()[-1])}
    if any(peaks.values()):
        found["peak_mib_of_a_worker"] = round(max(peaks.values()))
    print(json.dumps(found), file=sys.stderr)  # progress
    return found


def _descendants(pid: int) -> Iterator[int]:
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
        except OSError:
            continue  # it has just ended
        for child in children:
            yield child
            yield from _descendants(child)


def _peak_mib(pid: int) -> float:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0  # it has just ended
    if WORKER not in command:
        return 0.0  # a copy of its parent that has not become a worker yet
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peaks[0]) / 1024 if peaks else 0.0


def find_slopes(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tells what a glyph more costs: once processes are up and graphs are traced."""
    slopes = []
    for case, workers in LINE_CASES:
        own = [run for run in runs if (run["case"], run["workers"]) == (case, workers)]
        first, last = own[0], own[-1]
        more = last["items"] - first["items"]
        slopes.append(
            {
                "case": case,
                "workers": workers,
                "glyphs_a_second": round(more / (last["seconds"] - first["seconds"])),
                "glyphs_a_cpu_second": round(more / (last["cpu_seconds"] - first["cpu_seconds"])),
            }
        )
    return slopes


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emnist", type=Path, required=True)
    parser.add_argument("--pages", type=Path, required=True)
    arguments = parser.parse_args()
    found = {
        "benchmark": "ingest",
        "command": "python benchmarks/ingest.py --emnist FOLDER --pages FOLDER",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": describe_machine(),
    }
    # Sizes in turn: a machine's speed drifts, and the cases of one size shall see the same one.
    lines = [
        run_case(case, arguments.emnist.resolve(), count, workers)
        for count in GLYPHS
        for case, workers in LINE_CASES
    ]
    found["glyphs"] = lines
    found["once_running"] = find_slopes(lines)
    found["pages"] = [
        run_case(case, arguments.pages.resolve(), 0, workers) for case, workers in PAGE_CASES
    ]
    found["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
