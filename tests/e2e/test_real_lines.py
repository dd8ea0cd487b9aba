"""Pictures of lines, as people label them, through the whole pipeline and round again."""

import io
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import SOURCE, write_span
from serving.client.rest import RestConnection
from serving.monitor.label_queue import LabelQueue
from serving.server.model_config import LogSettings, ModelSettings
from serving.server.model_server import Server

ROOT = Path(__file__).resolve().parents[2]
LETTERS = "abcd"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def photograph(text, rng):
    """Draws dark bars at each letter's height on light, noisy paper, larger than the network's."""
    line = np.full((56, 40 * len(text)), 215) + rng.integers(-20, 20, (56, 40 * len(text)))
    for position, letter in enumerate(text):
        top = 8 + 10 * LETTERS.index(letter)
        line[top : top + 6, 40 * position + 8 : 40 * position + 32] = 40
    return line.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def spans(tmp_path_factory):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list(LETTERS), rng.integers(3, 8))) for _ in range(500)]
    root = tmp_path_factory.mktemp("labels") / "spans"
    write_span(
        (LineRecord(f"{n}", photograph(t, rng), t, SOURCE) for n, t in enumerate(texts)),
        root,
        tool="a test",
    )
    return root


def train_options(steps):
    options = ("--train-steps", str(steps), "--set", "learning_rate=0.005", "--alphabet", "data")
    return (*options, "--set", "first_span=1")


def call(*command):
    words = [sys.executable, *map(str, command)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "workspace"


@pytest.fixture(scope="module")
def first(spans, workspace):
    folders = ("--data-dir", spans, "--workspace", workspace)
    said = call("local_runner.py", "--dataset", "labeled", *folders, *train_options(130))
    return json.loads(said.splitlines()[-1])


def test_a_labelled_span_is_learned_pushed_and_served(first):
    assert first["metrics"]["cer"]["value"] < 0.25
    assert first["metrics"]["cer"]["examples"] == 50
    assert first["served"]["rest"] == first["served"]["grpc"]
    extra = Path(first["pushed"]) / "assets.extra"
    assert json.loads((extra / "alphabet.json").read_text())["symbols"] == LETTERS


def ask(model, log, pictures):
    """Serves a pushed model with its request log on, and asks it for pictures."""
    settings = ModelSettings("bars", model, log=LogSettings(str(log), 1.0))
    with Server([settings]) as server:
        server.wait_until_available(60)
        with RestConnection(str(server.rest_url), 60) as connection:
            for start in range(0, len(pictures), 8):
                connection.predict("bars", pictures[start : start + 8])


def encode(picture):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def label(queue, truths, root):
    """Labels what waits in a queue, as the next span; returns how many lines that were."""
    waiting = list(queue.read())
    records = []
    for line in waiting:
        picture = queue.picture_path(line.picture).read_bytes()
        pixels = np.array(Image.open(io.BytesIO(picture)))
        records.append(LineRecord(line.picture, pixels, truths[picture], SOURCE))
    origins = {line.picture: asdict(line.origin) for line in waiting}
    write_span(records, root, tool="a test", origins=origins)
    return len(waiting)


def test_what_was_asked_is_labelled_and_learned_and_the_lineage_leads_back(
    first, spans, workspace, tmp_path
):
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list(LETTERS), rng.integers(3, 8))) for _ in range(60)]
    truths = {encode(photograph(text, rng)): text for text in texts}
    pushed = Path(first["pushed"])
    ask(pushed.parent, tmp_path / "logs" / "bars", list(truths))
    queueing = ("queue", tmp_path / "logs", "--to", tmp_path / "queue", "--most", 24)
    assert "queued 24 uncertain" in call("-m", "serving.monitor", *queueing)
    count = label(LabelQueue(tmp_path / "queue"), truths, spans)
    assert count == 24
    folders = ("--spans", spans, "--workspace", workspace)
    said = call("-m", "pipeline.retrain", *folders, "--", *train_options(160))
    told = json.loads(said.splitlines()[-1])
    assert told["blessed"]
    assert told["pushed"] != first["pushed"]
    version = Path(told["pushed"]).name
    shown = call("-m", "pipeline.models", "show", version, "--workspace", workspace)
    assert f"span 2 version 1 (lines of requests: {count} to bars {pushed.name})" in shown
