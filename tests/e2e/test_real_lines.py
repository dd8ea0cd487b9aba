"""Pictures of lines, as people label them, through the whole pipeline and round again."""

import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import SOURCE, write_span
from serving.client.rest import RestConnection
from serving.server.model_config import LogSettings, ModelSettings
from serving.server.model_server import Server
from tests.labeling.running import csrf_of, running

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


class Annotator:
    """A browser before the labelling application, without scripts."""

    def __init__(self, url, who):
        self.client = httpx.Client(base_url=url, timeout=60, follow_redirects=True)
        self.token = csrf_of(self.client.get("/").text)
        self.submit("/who", who=who)

    def submit(self, path, **fields):
        answer = self.client.post(path, data={"csrf": self.token, **fields})
        assert answer.status_code == 200, answer.text
        return answer.text

    def write(self, count, rng):
        """Writes what the application asks for; returns the pictures' texts."""
        page = self.client.get("/gather").text
        version = re.search(r'name="version" value="([^"]+)"', page)[1]
        page = self.submit("/gather/writer", version=version, agree="yes")
        prompt = {"id": re.search(r'data-id="(\d+)"', page)[1]}
        prompt["text"] = re.search(r'id="prompt"[^>]*>([^<]+)<', page)[1]
        written = {}
        for _ in range(count):
            picture = encode(photograph(prompt["text"], rng))
            written[picture] = prompt["text"]
            path = f"/gather/lines/{prompt['id']}"
            headers = {"X-CSRF-Token": self.token}
            prompt = self.client.post(path, content=picture, headers=headers).json()
        return written

    def label(self, truths):
        """Labels all that waits; returns the readings that were there, by their truths."""
        readings = {}
        while 'name="line"' in (page := self.client.get("/label").text):
            told = dict(re.findall(r'name="(line|revision)" value="(\d+)"', page))
            name = re.search(r'src="(/pictures/\w+)"', page)[1]
            text = truths[self.client.get(name).content]
            readings[text] = re.search(r'name="text" value="([^"]*)"', page)[1]
            self.submit("/label", action="save", text=text, **told)
        return readings


def wait_for(condition):
    """Waits up to a minute until a condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_what_was_asked_and_written_is_labelled_and_learned_and_serves(
    first, spans, workspace, tmp_path
):
    rng = np.random.default_rng(1)
    texts = {"".join(rng.choice(list(LETTERS), rng.integers(5, 8))) for _ in range(60)}
    truths = {encode(photograph(text, rng)): text for text in sorted(texts)}
    prompts = ["".join(rng.choice(list(LETTERS), 20)) for _ in range(40)]
    (tmp_path / "prompts.txt").write_text("\n".join(prompts), encoding="utf-8")
    pushed = Path(first["pushed"])
    ask(pushed.parent, tmp_path / "logs" / "bars", list(truths))
    queueing = ("queue", tmp_path / "logs", "--to", tmp_path / "queue", "--most", 24)
    assert "queued 24 uncertain" in call("-m", "serving.monitor", *queueing)

    with Server([ModelSettings("bars", pushed.parent)]) as server:
        server.wait_until_available(60)
        alphabet = pushed / "assets.extra" / "alphabet.json"
        folder = ("--folder", tmp_path / "labels", "--alphabet", alphabet)
        call("-m", "labeling", "import", "queue", tmp_path / "queue", *folder)
        options = ("--alphabet", alphabet, "--prompts", tmp_path / "prompts.txt")
        served = ("--spans", spans, "--server", server.rest_url, "--model", "bars")
        with running(tmp_path / "labels", *map(str, (*options, *served))) as application:
            annotator = Annotator(application.url, "Ada")
            written = annotator.write(10, rng)
            readings = annotator.label(truths | written)
            assert len(readings) == 24 + 10
            # What was written waits with the text that was asked for.
            assert all(readings[text] == text for text in written.values())
            annotator.submit("/export")
            wait_for(lambda: 'id="done"' in annotator.client.get("/export").text)

        folders = ("--spans", spans, "--workspace", workspace)
        said = call("-m", "pipeline.retrain", *folders, "--", *train_options(160))
        told = json.loads(said.splitlines()[-1])
        assert told["blessed"]
        assert told["pushed"] != first["pushed"]
        version = Path(told["pushed"]).name
        shown = call("-m", "pipeline.models", "show", version, "--workspace", workspace)
        assert f"span 2 version 1 (lines of requests: 24 to bars {pushed.name})" in shown

        with RestConnection(str(server.rest_url), 60) as connection:
            wait_for(lambda: connection.available_version("bars") == int(version))
            [row] = connection.predict("bars", [next(iter(truths))])
            assert row["text"]
