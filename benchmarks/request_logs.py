"""Times how request logs become windows and prints the figures as JSON.

    python benchmarks/request_logs.py --examples PATTERN

Logs of the given sizes are made of the pictures and texts of transformed line examples, then read
by `serving.monitor.windows.observe` in a process of its own: seconds of wall clock and of processor
time, and the most memory that it had resident, by number of requests and by number of Beam workers.
Memory is flat where the last two runs need the same. Run it with the project's environment.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from main_job import ROOT, describe_commit, describe_machine, hide_folders

RUNS = ((20_000, 1), (100_000, 1))
"""Requests, and Beam's workers: one is this process."""
FILE_REQUESTS = 10_000
_DAY = 24 * 60 * 60
_START = 20_000 * _DAY


def write_logs(examples: str, requests: int, folder: Path) -> None:
    """Writes logs of a day, as the embedded server writes them."""
    from serving.monitor.log_files import frame_record
    from serving.server.log_messages import predict_log

    lines = read_lines(examples)
    rng = np.random.default_rng(0)
    for first in range(0, requests, FILE_REQUESTS):
        with (folder / f"lines-{first:07d}.tfrecord").open("wb") as file:
            for number in range(first, min(first + FILE_REQUESTS, requests)):
                image, text = lines[rng.integers(len(lines))]
                log = predict_log(
                    ("lines", 1, "serving_default"),
                    {"image_bytes": np.array([image], object)},
                    [],
                    {
                        "text": np.array([text], object),
                        "confidence": rng.beta(8, 2, 1).astype(np.float32),
                    },
                    float(rng.gamma(2, 0.01)),
                )
                log.log_metadata.timestamp_secs = _START + number * _DAY // requests
                log.log_metadata.sampling_config.sampling_rate = 1.0
                file.write(frame_record(log.SerializeToString()))


def read_lines(pattern: str) -> list[tuple[bytes, bytes]]:
    """Returns picture and text of each example."""
    import tensorflow as tf

    from schema.features import IMAGE, TEXT

    records = tf.data.TFRecordDataset(tf.io.gfile.glob(pattern), "GZIP").as_numpy_iterator()
    found = [tf.train.Example.FromString(record).features.feature for record in records]
    if not found:
        raise SystemExit(f"expected gzip TFRecords of transformed lines, got none at {pattern}")
    return [(each[IMAGE].bytes_list.value[0], each[TEXT].bytes_list.value[0]) for each in found]


def observe_logs(folder: Path, workers: int, reference: Path | None) -> dict[str, Any]:
    """Reads the logs and measures what it takes, in this process and its workers."""
    from serving.monitor.find_logs import find_logs
    from serving.monitor.observe_settings import ObserveSettings
    from serving.monitor.reference import load_reference
    from serving.monitor.windows import IN_PROCESS, observe

    settings = ObserveSettings.of(load_reference(reference) if reference else None)
    more = ("--direct_running_mode=multi_processing", f"--direct_num_workers={workers}")
    started, spent = time.perf_counter(), processor_seconds()
    observation = observe(
        find_logs([folder]), settings, (*IN_PROCESS, *(more if workers > 1 else ()))
    )
    seconds = time.perf_counter() - started
    (profile,) = observation.profiles
    most = [
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return {
        "requests": profile.requests,
        "workers": workers,
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor_seconds() - spent, 1),
        "most_memory_mib": round(most[0]),
        "most_memory_of_a_worker_mib": round(most[1]) if workers > 1 else None,
    }


def processor_seconds() -> float:
    """Returns what this process and its children that have ended took."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run_all(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yields the figures of each run; each has a process of its own."""
    runs = [(arguments.requests, 1)] if arguments.requests else RUNS
    with tempfile.TemporaryDirectory(prefix="request-logs-") as name:
        for requests, workers in runs:
            folder = Path(name) / str(requests)
            if not folder.exists():
                folder.mkdir()
                run_part(["--write", str(folder), str(requests), "--examples", arguments.examples])
            reference = ["--reference", str(arguments.reference)] if arguments.reference else []
            figures = json.loads(run_part(["--observe", str(folder), str(workers), *reference]))
            made = sum(file.stat().st_size for file in folder.iterdir())
            yield figures | {"log_mib": round(made / 2**20)}


def run_part(options: list[str]) -> bytes:
    """Runs a part in a process of its own and returns what it printed.

    This process imports nothing large: Linux counts what the parent of a process had resident among
    the most that the process had.
    """
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, __file__, *options]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    return done.stdout


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", help="transformed line examples, gzip TFRecords")
    parser.add_argument("--reference", type=Path, help="of a pushed model, to count by")
    parser.add_argument("--requests", type=int, help="a single run of so many requests")
    parser.add_argument("--observe", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.observe:
        folder, workers = arguments.observe
        print(json.dumps(observe_logs(Path(folder), int(workers), arguments.reference)))
        return
    if not arguments.examples:
        parser.error("expected --examples PATTERN")
    if arguments.write:
        write_logs(arguments.examples, int(arguments.write[1]), Path(arguments.write[0]))
        return
    result = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": describe_machine(),
        "commit": describe_commit(),
        "command": hide_folders(["python", *sys.argv]),
        "runs": list(run_all(arguments)),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
