"""Keeps the embedded model server under good and bad load and prints what became of it as JSON.

    python benchmarks/serving_soak.py --model WORKSPACE/pushed/emnist-lines --minutes 30

Four clients of each protocol ask without a pause, the server in a process of its own. One REST
request in four is bad in one of several ways. Every few seconds another version is pushed (a copy
of the model, or each seventh time a corrupt one) and old ones are deleted. At the end the server
gets a SIGTERM while the clients still ask. Of interest: no good request fails, a bad one gets its
400, memory does not grow once warm, and no request is lost at the end. Exit status 1 if one failed.
"""

import argparse
import itertools
import json
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from main_job import ROOT, describe_commit, describe_machine
from serving_load import PREDICT, RestClient, Served, grpc_request, rest_request, serve

sys.path.insert(0, str(ROOT))

CLIENTS = 4
PUSH_SECONDS = 4.0
KEPT_VERSIONS = 3
CORRUPT_EVERY = 7
BATCHING = """max_batch_size { value: 8 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
"""
BAD_BODIES = (
    b"{",
    b'{"instances": [1]}',
    b'{"instances": ["no picture"]}',
    b'{"instances": [{"b64": "AAAA"}]}',
    b'{"inputs": {"wrong": ["a"]}}',
    b'{"instances": ["a"], "signature_name": "none"}',
    b'{"instances": ' + b"[" * 10_000,
)


def bad_request(body: bytes) -> bytes:
    """Returns a whole HTTP request that cannot be answered."""
    head = f"POST /v1/models/m:predict HTTP/1.1\r\nHost: m\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Load:
    """Clients that ask in threads of their own and count what they get.

    Args:
      served: the server.
      pictures: what they ask for.
    """

    def __init__(self, served: Served, pictures: Sequence[bytes]) -> None:
        self.outcomes: Counter[str] = Counter()
        self._served = served
        self._ending = threading.Event()
        good = list(map(rest_request, pictures))
        mixed: list[tuple[str, bytes]] = []
        for bad in map(bad_request, BAD_BODIES):
            mixed += [("good", request) for request in good[:3]] + [("bad", bad)]
        asked = list(map(grpc_request, pictures))
        self._threads = [threading.Thread(target=self._rest, args=(mixed,)) for _ in range(CLIENTS)]
        self._threads += [
            threading.Thread(target=self._grpc, args=(asked,)) for _ in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Tells the clients that the server stops: they ask until it refuses them."""
        self._ending.set()
        for thread in self._threads:
            thread.join(60)

    def _rest(self, requests: Sequence[tuple[str, bytes]]) -> None:
        client = RestClient(self._served.rest)
        for kind, request in itertools.cycle(requests):
            try:
                status = client.ask(request)
            except OSError as error:
                # A server that has announced its end closes connections between two requests.
                if not self._ending.is_set():
                    self.outcomes[f"REST {kind}: {type(error).__name__}"] += 1
                return
            self.outcomes[f"REST {kind}: {status}"] += 1
            if client.closed:
                return

    def _grpc(self, requests: Sequence[bytes]) -> None:
        import grpc

        with grpc.insecure_channel(self._served.grpc) as channel:
            call = channel.unary_unary(PREDICT)
            for request in itertools.cycle(requests):
                answered = call.future(request, timeout=60)
                code = answered.code().name
                if self._ending.is_set() and code == "UNAVAILABLE":
                    return
                self.outcomes[f"gRPC good: {code}"] += 1


def push_versions(model: Path, base_path: Path) -> Iterator[int]:
    """Pushes another version with each step and deletes old ones."""
    for version in itertools.count(1):
        target = base_path / str(version)
        if version % CORRUPT_EVERY == 0:
            target.mkdir()
            (target / "saved_model.pb").write_bytes(b"corrupt")
        else:
            draft = base_path / f"draft-{version}"
            shutil.copytree(model, draft)
            draft.rename(target)
        for old in base_path.iterdir():
            if old.name.isdigit() and int(old.name) <= version - KEPT_VERSIONS:
                shutil.rmtree(old)
        yield version


def memory_mib(pid: int) -> int:
    """Returns the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def soak(
    model: Path, pictures: Sequence[bytes], seconds: float, tell: Callable[[str], Any]
) -> dict[str, Any]:
    """Runs the server under load for so long and returns what became of it."""
    memory = []
    with tempfile.TemporaryDirectory() as folder:
        base_path, batching = Path(folder) / "base", Path(folder) / "batching"
        base_path.mkdir()
        batching.write_text(BATCHING)
        pushes = push_versions(model, base_path)
        next(pushes)
        flags = [
            "--enable_batching",
            f"--batching_parameters_file={batching}",
            "--max_num_load_retries=0",
            "--drain_seconds=1",
        ]
        with serve(base_path, *flags) as served:
            load = Load(served, pictures)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(PUSH_SECONDS)
                version = next(pushes)
                memory.append(memory_mib(served.pid))
                tell(f"version {version}, {memory[-1]} MiB, {dict(load.outcomes)}\n")
            served.terminate()
            load.end()
    later = memory[len(memory) // 2 :]
    return {
        "outcomes": dict(sorted(load.outcomes.items())),
        "versions": version,
        "memory_mib": {
            "first": memory[0],
            "halfway": later[0],
            "last": memory[-1],
            "most": max(memory),
        },
    }


def has_failed(outcomes: dict[str, int]) -> bool:
    """Tells whether a request got another answer than it should."""
    fine = ("REST good: 200", "gRPC good: OK", "REST bad: 400")
    return any(outcome not in fine for outcome in outcomes)


def main() -> None:
    """Prints what became of it as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model, or its base path")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long")
    arguments = parser.parse_args()
    machine = describe_machine()
    from serving.export import read_warmup_images
    from serving.model_folder import find_model

    model = find_model(arguments.model)
    told = soak(model, read_warmup_images(model), arguments.minutes * 60, sys.stderr.write)
    command = f"python benchmarks/serving_soak.py --model MODEL --minutes {arguments.minutes:g}"
    print(
        json.dumps(
            {
                "benchmark": "serving soak",
                "commit": describe_commit(),
                "command": command,
                "machine": machine,
                **told,
            },
            indent=2,
        )
    )
    sys.exit(has_failed(told["outcomes"]))


if __name__ == "__main__":
    main()
