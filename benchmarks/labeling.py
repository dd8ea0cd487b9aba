"""How long the labelling application takes for each action with a long queue.

    python benchmarks/labeling.py [--lines 50000] [--rounds 100]

An action is what a browser does for a key: the form, and the page that follows. The queue is asked
when it is fresh, and again by an annotator who has answered half of it, all lines of which want a
second annotator, and has skipped a tenth. Besides the time that the browser waits, the processor
time of the server is told, which other load on the machine hardly changes. Prints one JSON object.
"""

import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
from main_job import ROOT, describe_commit, describe_machine, hide_folders
from PIL import Image
from tqdm import tqdm

sys.path.insert(0, str(ROOT))

from datetime import datetime, timezone

from labeling.items import NewItem
from labeling.store import Store

PICTURES = 100
DEEDS = ("save", "skip", "unreadable", "flag", "undo")
PAGES = ("/", "/label", "/review", "/history", "/export", "/lines/1")


def pictures() -> list[bytes]:
    """Returns pictures of the size of real lines, of noise: what a picture shows costs nothing."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(PICTURES):
        stream = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (80, 900), np.uint8)).save(stream, "PNG")
        made.append(stream.getvalue())
    return made


def lines(count: int) -> Iterator[NewItem]:
    """Yields lines of three kinds: uncertain, drifted, and others."""
    shown = pictures()
    rng = np.random.default_rng(1)
    for number in tqdm(range(count), desc="lines", mininterval=1):
        confidence = float(rng.random())
        yield NewItem(
            f"line {number}",
            shown[number % PICTURES],
            "benchmark",
            key=str(number),
            prefill="the reading of a served model of this line",
            confidence=confidence,
            character_confidences=(confidence,) * 42,
            model_version="lines 1764000000",
            why=("uncertain", "drifted", "")[number % 3],
            priority=1 - confidence,
        )


class Browser:
    """Does what a browser does, and measures it."""

    def __init__(self, url: str, who: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=60)
        found = re.search(r'csrf-token" content="(\w+)"', self.client.get("/").text)
        self.csrf = found[1] if found else ""
        self.client.post("/who", data={"csrf": self.csrf, "who": who})
        self.page = self.client.get("/label").text

    def act(self, deed: str) -> float:
        """Sends the form of a key and follows it; returns milliseconds."""
        told = dict(re.findall(r'name="(line|revision)" value="(\d+)"', self.page))
        fields = {"csrf": self.csrf, "action": deed, "text": "what the line says", **told}
        start = time.perf_counter()
        answer = self.client.post("/label", data=fields)
        answer = self.client.get(answer.headers["location"])
        spent = 1000 * (time.perf_counter() - start)
        answer.raise_for_status()
        self.page = answer.text
        return spent

    def look(self, path: str) -> float:
        """Loads a page; returns milliseconds."""
        start = time.perf_counter()
        self.client.get(path).raise_for_status()
        return 1000 * (time.perf_counter() - start)


def summary(measure: Callable[[], float], rounds: int, server: psutil.Process) -> dict[str, float]:
    """Returns quantiles of repeated measurements, and the server's processor time of one, in ms."""
    before = sum(server.cpu_times()[:2])
    spent = [measure() for _ in range(rounds)]
    processor = 1000 * (sum(server.cpu_times()[:2]) - before) / rounds
    named = {"median": 50, "p95": 95, "p99": 99, "most": 100}
    quantiles = {name: round(float(np.percentile(spent, at)), 1) for name, at in named.items()}
    return {**quantiles, "processor": round(processor, 1)}


def measure_all(
    url: str, who: str, rounds: int, server: psutil.Process
) -> dict[str, dict[str, float]]:
    """Returns the times of each action and page."""
    browser = Browser(url, who)
    found = {}
    for deed in DEEDS:
        found[deed] = summary(lambda deed=deed: browser.act(deed), rounds, server)
    for path in PAGES:
        found[f"page {path}"] = summary(lambda path=path: browser.look(path), rounds, server)
    return found


def use_up(store: Store, who: str) -> None:
    """Has an annotator answer the most urgent half of the queue, and skip a tenth of the rest."""
    with store.transaction() as connection:
        connection.execute("UPDATE items SET annotators = 2 WHERE status = 'waiting'")
        connection.execute(
            "INSERT OR IGNORE INTO answers SELECT id, ?, 'an answer' FROM items WHERE status ="
            " 'waiting' ORDER BY priority DESC, id LIMIT (SELECT COUNT(*) / 2 FROM items)",
            (who,),
        )
        connection.execute(
            "INSERT OR IGNORE INTO skips SELECT i.id, ?, i.id FROM items i WHERE i.status ="
            " 'waiting' AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.item = i.id)"
            " ORDER BY priority DESC, id LIMIT (SELECT COUNT(*) / 10 FROM items)",
            (who,),
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        start = time.perf_counter()
        store.add(lines(options.lines), "benchmark")
        added = time.perf_counter() - start
        command = [sys.executable, "-m", "labeling", "serve", "--folder", folder, "--port", "0"]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        watched = psutil.Process(server.pid)
        try:
            url = (server.stdout.readline() if server.stdout else "").split()[-1].rstrip("/")
            fresh = measure_all(url, "ada", options.rounds, watched)
            use_up(store, "bob")
            used = measure_all(url, "bob", options.rounds, watched)
        finally:
            server.terminate()
            server.wait()
            store.close()
    told = {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "machine": describe_machine(),
        "commit": describe_commit(),
        "command": hide_folders(["python", *sys.argv]),
        "lines": options.lines,
        "rounds": options.rounds,
        "seconds_to_add": round(added, 1),
        "milliseconds_fresh": fresh,
        "milliseconds_half_answered_a_tenth_skipped": used,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
