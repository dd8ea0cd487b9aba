"""Times runs of the pipeline and prints their figures as JSON.

    python3 benchmarks/main_job.py sample
    python3 benchmarks/main_job.py run -- --dataset emnist --data-dir FOLDER ...
    python3 benchmarks/main_job.py overhead

`sample` clones the committed project into a temporary folder and runs `make run` there twice:
the first time with the installation, the second time without any change. `run` gives what comes
after it to `local_runner.py`, in the project's own environment and in a fresh workspace unless
one is named. `overhead` writes the sample and runs every stage on next to no data of it, then
again: the second run compares the model with itself, the third and fourth find all in the cache,
and the fourth starts no model server to ask. Processor seconds are those of all processes of a
run. Needs nothing but Python's own library.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
# Fewer than 100 test lines leave no reference to watch by; the bounds let any model through.
TRIVIAL = (
    *("train_lines=64", "validation_lines=16", "test_lines=120"),
    *("max_cer=99", "max_wer=99", "max_slice_cer=99"),
)


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


def processor_seconds() -> float:
    """Returns what all processes that have ended so far, and theirs, took of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def time_run(command: list[str], folder: Path) -> dict[str, Any]:
    """Runs a command whose last line on standard output is the pipeline's JSON."""
    started, used = time.monotonic(), processor_seconds()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    told = json.loads(done.stdout.splitlines()[-1])
    kept = ("pipeline", "synthetic", "blessed", "metrics")
    # Of each slice the metric that decides, which comes first.
    slices = {name: dict([next(iter(found.items()))]) for name, found in told["slices"].items()}
    return {
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor_seconds() - used, 1),
        "seconds_of_stages": told["seconds"],
        **{key: told[key] for key in kept},
        "slices": slices,
    }


def measure_sample(folder: Path) -> dict[str, Any]:
    """Runs `make run` in a clean clone, then again."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    return {
        "command": "git clone ... && make run && make run",
        "first_run_with_installation": time_run(["make", "--silent", "run"], clone),
        "second_run_without_change": time_run(["make", "--silent", "run"], clone),
    }


def measure_run(folder: Path, options: list[str]) -> dict[str, Any]:
    """Runs `local_runner.py` once with the options given."""
    if "--workspace" not in options:
        options = [*options, "--workspace", str(folder / "workspace")]
    return {
        "command": hide_folders(["python", "local_runner.py", *options]),
        "run": time_run([str(PYTHON), "local_runner.py", *options], ROOT),
    }


def measure_overhead(folder: Path) -> dict[str, Any]:
    """Runs every stage on next to no data, three times in one workspace."""
    settings = [word for setting in TRIVIAL for word in ("--set", setting)]
    options = ["--train-steps", "2", *settings, "--workspace", str(folder / "workspace")]
    command = ["python", "local_runner.py", *options]
    seconds_of_imports = time_code("import pipeline.run, pipeline.report.render")
    sample = str(folder / "workspace" / "data" / "sample")
    seconds_of_sample = time_code(
        "from pathlib import Path; from pipeline.ingest.sample import ensure_sample; "
        f"ensure_sample(Path({sample!r}))"
    )

    def once(*more: str) -> dict[str, Any]:
        told = time_run([str(PYTHON), *command[1:], *more], ROOT)
        return {key: told[key] for key in ("seconds", "processor_seconds", "seconds_of_stages")}

    first, compared, cached, unasked = once(), once(), once(), once("--no-question")
    return {
        "command": hide_folders(command),
        "seconds_of_imports": seconds_of_imports,
        "seconds_of_writing_the_sample": seconds_of_sample,
        "first_run": first,
        "second_run_compares_the_model_with_itself": compared,
        "third_run_from_the_cache": cached,
        "fourth_run_from_the_cache_without_question": unasked,
        "fourth_run_beyond_imports": round(unasked["seconds"] - seconds_of_imports, 1),
    }


def time_code(code: str) -> float:
    """Returns the seconds that Python takes for some code in the project's environment."""
    command = [str(PYTHON), "-W", "ignore", "-c", code]
    started = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    return round(time.monotonic() - started, 1)


def hide_folders(command: list[str]) -> str:
    """Writes a command as it is quoted: without the folders of this machine."""
    return " ".join("FOLDER" if Path(word).is_absolute() else word for word in command)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["sample", "run", "overhead"])
    parser.add_argument("options", nargs="*", help="of local_runner.py, after a --")
    arguments = parser.parse_args()
    found = {
        "benchmark": f"main_job {arguments.what}",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": describe_machine(),
    }
    with tempfile.TemporaryDirectory() as folder:
        if arguments.what == "sample":
            found |= measure_sample(Path(folder))
        elif arguments.what == "overhead":
            found |= measure_overhead(Path(folder))
        else:
            found |= measure_run(Path(folder), arguments.options)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
