"""Measures how the data-parallel stages grow with lines and workers and prints JSON.

    python benchmarks/scale.py --emnist FOLDER --model FOLDER --lines 600 50000 --workers 1 2
    python benchmarks/scale.py --emnist FOLDER --lines 1000 1000000 --workers 1 --only-planning

Each size with each number of workers runs in a process of its own (`scale_cases.py`): ingest,
statistics, Transform and evaluation of lines of real glyphs. `start` is what a stage costs whatever
its size: the smallest run continued to no lines. A line costs the slope between the smallest and
the largest run; `faster` compares those slopes with one worker's. TensorFlow computes on all cores
in one worker too; `--one-core` adds a worker that is confined to one core. `mib_a_thousand_lines`
is the slope of the peak memory. Run it with the project's environment, on a machine at rest.
"""

import argparse
import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ingest import watch_case
from main_job import ROOT, describe_commit, describe_machine, hide_folders

ONE, CONFINED = "1", "1 on one core"
"""Kinds of runs: how many workers, and how many cores they may use where those are not all."""


def run_case(arguments: argparse.Namespace, lines: int, kind: str) -> dict[str, Any]:
    """Runs one size with the workers that `kind` tells."""
    workers = kind.split()[0]
    command = [sys.executable, str(ROOT / "benchmarks" / "scale_cases.py")]
    command += ["--emnist", str(arguments.emnist.resolve())]
    command += ["--lines", str(lines), "--workers", workers]
    command += ["--cores", "1"] if kind == CONFINED else []
    command += [f"--set={setting}" for setting in arguments.set]
    command += ["--only-planning"] if arguments.only_planning else []
    if arguments.model:
        command += ["--model", str(arguments.model.resolve())]
    return watch_case({"lines": lines, "workers": kind}, command)


def find_slopes(small: dict[str, Any], large: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Tells of each stage what it costs to start, and what a line costs."""
    more = large["lines"] - small["lines"]
    slopes = {}
    for stage, after in large["stages"].items():
        before = small["stages"][stage]
        line = {
            key: (after[key] - before[key]) / more for key in ("seconds", "cpu_seconds", "peak_mib")
        }
        slopes[stage] = {
            "start_seconds": round(before["seconds"] - line["seconds"] * small["lines"], 1),
            "milliseconds_a_line": round(line["seconds"] * 1e3, 3),
            "cpu_milliseconds_a_line": round(line["cpu_seconds"] * 1e3, 3),
            "mib_a_thousand_lines": round(line["peak_mib"] * 1e3, 2),
        }
    return slopes


def compare(slopes: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Tells how many times faster the lines go through than with one worker of each kind."""
    totals = {
        workers: sum(stage["milliseconds_a_line"] for stage in found.values())
        for workers, found in slopes.items()
    }
    return {
        f"{workers} beside {one}": {
            **{
                stage: round(
                    slopes[one][stage]["milliseconds_a_line"] / cost["milliseconds_a_line"], 2
                )
                for stage, cost in found.items()
            },
            "all": round(totals[one] / totals[workers], 2),
        }
        for one in (ONE, CONFINED)
        for workers, found in slopes.items()
        if one in slopes and workers not in (ONE, CONFINED)
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--emnist", type=Path, required=True)
    parser.add_argument(
        "--model", type=Path, help="folder of a Model artifact; none: no evaluation"
    )
    parser.add_argument("--lines", type=int, nargs="+", default=[600, 50_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--one-core", action="store_true", help="also one worker on one core")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="as of local_runner.py"
    )
    parser.add_argument(
        "--only-planning", action="store_true", help="plan the lines' texts, and no stage"
    )
    arguments = parser.parse_args()
    found = {
        "benchmark": "scale",
        "command": hide_folders(["python", *sys.argv]),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": describe_machine(),
    }
    # Numbers of workers in turn: a machine's speed drifts, and those of one size shall see the
    # same one.
    sizes = sorted(arguments.lines)
    kinds = [str(workers) for workers in arguments.workers] + [CONFINED] * arguments.one_core
    found["runs"] = [run_case(arguments, lines, kind) for lines in sizes for kind in kinds]
    if len(sizes) > 1:
        ends = {(run["lines"], run["workers"]): run for run in found["runs"]}
        found["slopes"] = {
            kind: find_slopes(ends[sizes[0], kind], ends[sizes[-1], kind]) for kind in kinds
        }
        found["faster"] = compare(found["slopes"])
    found["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
