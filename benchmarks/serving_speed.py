"""Times the embedded model server beside the bare model and prints the figures as JSON.

    python benchmarks/serving_speed.py --model WORKSPACE/pushed/emnist-lines

The server runs in a process of its own, without batching for one client at a time and with it for
32. This process is the load generator, with gRPC's own client for one at a time and those of
`serving_clients` for 32, and calls the bare model itself. Rounds of all kinds take turns, since a
machine's speed drifts, and processor time is told beside wall clock: what others do on the machine
counts less there. The bare model is a session callable on decoded arrays, which is what the server
calls; TensorFlow's own `saved_model.load` is timed beside it. For throughput the bare model is
timed as TensorFlow runs it, and by a thread for each processor with no other threads, as the server
is told to. Pictures are the model's warm-up requests, or the test examples that `--examples` names.
"""

import argparse
import contextlib
import functools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from inference import load_pictures
from main_job import ROOT, describe_commit, describe_machine
from serving_clients import GrpcConnection, RestConnection, keep_asking
from serving_load import PREDICT, RestClient, Served, grpc_request, rest_request, serve

sys.path.insert(0, str(ROOT))

CONCURRENCY = 32
BATCH_SIZES = (1, 4, 8, 16, 32, 64)
THREADED_SIZES = (16, 32)
ROUND_SECONDS = 5.0
"""A round ends with batches that no longer fill and wait for their timeout: of 2 s that is 5 %."""
PROCESSORS = len(os.sched_getaffinity(0))
# One batch of all clients at a time, which threads with a processor each divide. The timeout is so
# long that batches fill; a full one does not wait for it.
BATCHING = f"""max_batch_size {{ value: 32 }}
batch_timeout_micros {{ value: 100000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: {PROCESSORS} }}
"""
DIVIDING = ["--divide_batches", "--tensorflow_intra_op_parallelism=1"]


def time_calls(call: Callable[[Any], Any], arguments: Sequence[Any]) -> list[float]:
    """Returns the seconds that each call takes."""
    seconds = []
    for argument in arguments:
        started = time.perf_counter()
        call(argument)
        seconds.append(time.perf_counter() - started)
    return seconds


def measure_latency(bare: Any, library: Any, base_path: Path, pictures: Any, rounds: int) -> Any:
    """Times one picture at a time: bare, over REST and over gRPC."""
    import grpc

    with serve(base_path) as served, grpc.insecure_channel(served.grpc) as channel:
        ways = {
            "bare": (bare, [[picture] for picture in pictures]),
            "library": (library, [[picture] for picture in pictures]),
            "rest": (RestClient(served.rest), list(map(rest_request, pictures))),
            "grpc": (channel.unary_unary(PREDICT), list(map(grpc_request, pictures))),
        }
        for call, arguments in ways.values():
            time_calls(call, arguments)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, (call, arguments) in ways.items():
                seconds[name] += time_calls(call, arguments)
    medians = {name: statistics.median(taken) * 1e3 for name, taken in seconds.items()}
    fastest = min(medians["bare"], medians["library"])
    return {
        "median_milliseconds": {name: round(value, 2) for name, value in medians.items()},
        "rest_to_bare": round(medians["rest"] / fastest, 3),
        "grpc_to_bare": round(medians["grpc"] / fastest, 3),
    }


def keep_reading(bare: Any, pictures: Sequence[bytes], size: int, seconds: float) -> int:
    """Reads pictures in batches of a size; returns how many."""
    end, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        bare([pictures[(done + n) % len(pictures)] for n in range(size)])
        done += size
    return done


def keep_reading_in_threads(bare: Any, pictures: Sequence[bytes], size: int, seconds: float) -> int:
    """Reads pictures by a thread for each processor; returns how many."""
    done: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: done.append(keep_reading(bare, pictures, size, seconds)),
        )
        for _ in range(PROCESSORS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done)


def measure_throughput(
    bare: Any, single: Any, base_path: Path, batching: str, pictures: Any, rounds: int
) -> Any:
    """Counts the pictures a second: bare in batches of each size, and served to 32 clients."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "batching").write_text(batching)
        flags = ["--enable_batching", f"--batching_parameters_file={folder / 'batching'}"]
        served = stack.enter_context(serve(base_path, *flags, *DIVIDING))
        host, port = served.grpc.split(":")
        rpc = host, int(port)
        clients: dict[str, list[Any]] = {
            "rest": [RestConnection(served.rest) for _ in range(CONCURRENCY)],
            "grpc": [GrpcConnection(rpc, PREDICT) for _ in range(CONCURRENCY)],
        }
        requests = {
            "rest": list(map(rest_request, pictures)),
            "grpc": list(map(grpc_request, pictures)),
        }
        ways: dict[str, Callable[[float], int]] = {
            f"bare, {size} at a time": functools.partial(keep_reading, bare, pictures, size)
            for size in BATCH_SIZES
        }
        ways |= {
            f"bare, {size} at a time, {PROCESSORS} threads": functools.partial(
                keep_reading_in_threads, single, pictures, size
            )
            for size in THREADED_SIZES
        }
        for name, asking in clients.items():
            ways[name] = functools.partial(keep_asking, asking, requests[name])
        measured = take_rounds(ways, served, rounds)
    best = {unit: pick(measured, unit) for unit, pick in PICK_BEST.items()}
    ratios = {
        f"{name}_to_best_bare": round(measured[name][unit] / best[unit], 3)
        for name in clients
        for unit in [RATE]
    }
    ratios |= {
        f"{name}_processor_time_to_best_bare": round(measured[name][COST] / best[COST], 3)
        for name in clients
    }
    return {"measured": measured, **ratios}


RATE, COST = "pictures_a_second", "processor_milliseconds_a_picture"
PICK_BEST: dict[str, Callable[[Any, str], float]] = {
    RATE: lambda told, unit: max(v[unit] for k, v in told.items() if k.startswith("bare")),
    COST: lambda told, unit: min(v[unit] for k, v in told.items() if k.startswith("bare")),
}


def take_rounds(
    ways: dict[str, Callable[[float], int]], served: Served, rounds: int
) -> dict[str, dict[str, float]]:
    """Returns the median rate of each way and what it costs, clients included."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            processor = time.process_time() + served.processor_seconds()
            started = time.perf_counter()
            count = way(ROUND_SECONDS)
            seconds = time.perf_counter() - started
            processor = time.process_time() + served.processor_seconds() - processor
            if turn:  # the first round warms up
                taken[name].append((count / seconds, processor / count * 1e3))
    return {
        name: {
            RATE: round(statistics.median(rate for rate, _ in measured), 1),
            COST: round(statistics.median(cost for _, cost in measured), 2),
        }
        for name, measured in taken.items()
    }


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model, or its base path")
    parser.add_argument("--examples", help="pattern of transformed test examples")
    parser.add_argument("--pictures", type=int, default=64, help="how many of them")
    parser.add_argument("--batching", default=BATCHING, help="a BatchingParameters text proto")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind")
    parser.add_argument("--output", type=Path, help="write the JSON there as well")
    arguments = parser.parse_args()
    machine = describe_machine()
    import numpy as np
    import tensorflow as tf

    from serving.export import read_warmup_images
    from serving.model_folder import find_model
    from serving.server.load_settings import LoadSettings
    from serving.server.servable import Servable
    from serving.signatures import IMAGE_BYTES, SERVING_DEFAULT

    folder = find_model(arguments.model)
    if arguments.examples:
        pictures = load_pictures(arguments.examples, arguments.pictures)
    else:
        pictures = read_warmup_images(folder)
    servable = Servable(folder)
    lone = Servable(folder, LoadSettings(intra_op_threads=1))
    signature = tf.saved_model.load(str(folder)).signatures[SERVING_DEFAULT]

    def bare(batch: list[bytes], servable: Servable = servable) -> Any:
        return servable.predict("", {IMAGE_BYTES: np.array(batch, dtype=object)})

    def library(batch: list[bytes]) -> Any:
        outputs = signature(**{IMAGE_BYTES: tf.constant(batch)})
        return {name: value.numpy() for name, value in outputs.items()}

    told = {
        "benchmark": "serving",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "commit": describe_commit(),
        "command": f"python benchmarks/serving_speed.py --model MODEL --rounds {arguments.rounds}"
        + (f" --examples PATTERN --pictures {arguments.pictures}" if arguments.examples else ""),
        "machine": machine,
        "tensorflow": tf.__version__,
        "pictures": len(pictures),
        "batching": " ".join(arguments.batching.split()),
        "flags": " ".join(DIVIDING),
        "one_at_a_time": measure_latency(bare, library, folder.parent, pictures, arguments.rounds),
        f"{CONCURRENCY}_at_a_time": measure_throughput(
            bare,
            functools.partial(bare, servable=lone),
            folder.parent,
            arguments.batching,
            pictures,
            arguments.rounds,
        ),
    }
    text = json.dumps(told, indent=2) + "\n"
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
