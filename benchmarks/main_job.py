"""Times the main job and prints its figures as JSON.

    python3 benchmarks/main_job.py sample
    python3 benchmarks/main_job.py emnist --data-dir FOLDER

`sample` clones the committed project into a temporary folder and runs `make run` there twice:
the first time with the installation, the second time without any change. `emnist` runs
`local_runner.py` once with the project's own environment. Needs nothing but Python's own library.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def describe_machine() -> dict[str, Any]:
    """Tells what the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [
        line.split(":", 1)[1].strip() for line in cpuinfo.splitlines() if "model name" in line
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(terse=True),
    }


def describe_commit() -> str:
    """Returns the commit that is measured, marked where the tree has other changes."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def time_run(command: list[str], folder: Path) -> dict[str, Any]:
    """Runs a command whose last line on standard output is the pipeline's JSON."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    told = json.loads(done.stdout.splitlines()[-1])
    kept = ("dataset", "synthetic", "blessed", "metrics", "slices")
    return {"seconds": round(seconds, 1), **{key: told[key] for key in kept}}


def measure_sample(folder: Path) -> dict[str, Any]:
    """Runs `make run` in a clean clone, then again."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    return {
        "command": "git clone ... && make run && make run",
        "first_run_with_installation": time_run(["make", "--silent", "run"], clone),
        "second_run_without_change": time_run(["make", "--silent", "run"], clone),
    }


def measure_emnist(folder: Path, data_dir: Path) -> dict[str, Any]:
    """Trains on lines of real EMNIST glyphs in a fresh workspace."""
    command = [
        *(str(ROOT / ".venv" / "bin" / "python"), "local_runner.py", "--dataset", "emnist"),
        *("--data-dir", str(data_dir.resolve()), "--workspace", str(folder / "workspace")),
    ]
    return {
        "command": "python local_runner.py --dataset emnist --data-dir FOLDER",
        "data_files": {
            path.name: path.stat().st_size for path in sorted(data_dir.glob("emnist-*"))
        },
        "run": time_run(command, ROOT),
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", choices=["sample", "emnist"])
    parser.add_argument("--data-dir", type=Path)
    arguments = parser.parse_args()
    if (arguments.dataset == "emnist") != (arguments.data_dir is not None):
        parser.error("expected --data-dir with emnist, and only there")
    found = {
        "benchmark": f"main_job {arguments.dataset}",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": describe_machine(),
    }
    with tempfile.TemporaryDirectory() as folder:
        if arguments.dataset == "sample":
            found |= measure_sample(Path(folder))
        else:
            found |= measure_emnist(Path(folder), arguments.data_dir)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
