"""Pictures of lines, as people label them, through the whole pipeline and round again."""

import io
import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rapidfuzz.distance import Levenshtein

from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import SOURCE, write_span
from serving.client.rest import RestConnection
from serving.server.model_config import LogSettings, ModelSettings
from serving.server.model_server import Server
from tests.e2e import lab_people as people
from tests.labeling.running import running
from tests.serving.try_page.browser import find_browser, open_browser

ROOT = Path(__file__).resolve().parents[2]
LETTERS = "abcd"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def photograph(text, rng):
    """Draws dark bars at each letter's height on light, noisy paper, larger than the network's."""
    line = np.full((56, 40 * len(text)), 215) + rng.integers(-20, 20, (56, 40 * len(text)))
    for position, letter in enumerate(text):
        top = 4 + 14 * LETTERS.index(letter)
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
    sizes = ("--set", "batch_size=32", "--set", "learning_rate=0.005")
    return ("--train-steps", str(steps), *sizes)


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
    options = ("--dataset", "labeled", "--alphabet", "data", *train_options(130))
    said = call("local_runner.py", *folders, *options)
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


def wait_for(condition):
    """Waits up to a minute until a condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.skipif(find_browser() is None, reason="needs Chromium")
def test_what_was_asked_and_written_is_labelled_and_learned_and_serves(
    first, spans, workspace, tmp_path
):
    rng = np.random.default_rng(1)
    texts = {"".join(rng.choice(list(LETTERS), rng.integers(5, 8))) for _ in range(60)}
    pictures = {encode(photograph(text, rng)): text for text in sorted(texts)}
    truths = {people.name_of(picture): text for picture, text in pictures.items()}
    prompts = ["".join(rng.choice(list(LETTERS), 20)) for _ in range(40)]
    (tmp_path / "prompts.txt").write_text("\n".join(prompts), encoding="utf-8")
    pushed = Path(first["pushed"])
    ask(pushed.parent, tmp_path / "logs" / "bars", list(pictures))
    queueing = ("queue", tmp_path / "logs", "--to", tmp_path / "queue", "--most", 24)
    assert "queued 24 uncertain" in call("-m", "serving.monitor", *queueing)

    with (
        Server([ModelSettings("bars", pushed.parent)]) as server,
        open_browser(tmp_path / "profile") as tab,
    ):
        server.wait_until_available(60)
        alphabet = pushed / "assets.extra" / "alphabet.json"
        folder = ("--folder", tmp_path / "labels", "--alphabet", alphabet)
        call("-m", "labeling", "import", "queue", tmp_path / "queue", *folder)
        options = ("--alphabet", alphabet, "--prompts", tmp_path / "prompts.txt")
        options += ("--spans", spans, "--workspace", workspace)
        served = ("--server", server.rest_url, "--model", "bars")
        with running(tmp_path / "labels", *map(str, (*options, *served))) as application:
            command = label_and_export(tab, application.url, spans, truths)

        program, *words = shlex.split(command)
        assert program == "python"
        told = json.loads(call(*words, *train_options(160)).splitlines()[-1])
        assert told["blessed"]
        assert told["pushed"] != first["pushed"]
        version = Path(told["pushed"]).name
        shown = call("-m", "pipeline.models", "show", version, "--workspace", workspace)
        assert f"span 2 version 1 (lines of requests: 24 to bars {pushed.name})" in shown

        with RestConnection(str(server.rest_url), 60) as connection:
            wait_for(lambda: connection.available_version("bars") == int(version))
        unseen = "abcdabcd"
        (tmp_path / "unseen.png").write_bytes(encode(photograph(unseen, rng)))
        read = people.try_model(tab, str(server.rest_url), "bars", tmp_path / "unseen.png")
        assert Levenshtein.distance(read, unseen) <= 2


def label_and_export(tab, url, spans, truths):
    """Ten lines are written, all are labelled, a dispute is settled; returns how to train."""
    people.write_lines(tab, url, 10, LETTERS)
    people.sign_in(tab, url, "Ada")
    people.ask_for_second(tab, url, 4)
    found = people.label_all(tab, url, "Ada", truths)
    assert len(found) == 24 + 10
    # What was written waits with the text that was asked for.
    texts = {picture: truths.get(picture, text) for picture, text in found.items()}
    assert sum(picture not in truths and len(texts[picture]) == 20 for picture in texts) == 10
    again = people.label_all(tab, url, "Bob", truths, wrong=1)
    assert len(again) == 4
    agreement = people.decide(tab, url, "Cleo", truths)
    assert re.search(r"Ada and Bob\s+4\s+75 %\s+1\s", agreement), agreement
    command = people.export(tab, url)
    exported = (spans / "span-2" / "version-1").rglob("*.gt.txt")
    assert sorted(file.read_text() for file in exported) == sorted(
        f"{text}\n" for text in texts.values()
    )
    return command
