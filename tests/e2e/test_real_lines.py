"""Pictures of lines, as people label them, through the whole pipeline."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import SOURCE, write_span

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


def test_a_labelled_span_is_learned_pushed_and_served(spans, tmp_path):
    command = [
        *(sys.executable, "local_runner.py", "--dataset", "labeled", "--data-dir", spans),
        *("--workspace", tmp_path / "workspace", "--train-steps", "130"),
        *("--set", "learning_rate=0.005", "--alphabet", "data"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["metrics"]["cer"]["value"] < 0.25
    assert told["metrics"]["cer"]["examples"] == 50
    assert told["served"]["rest"] == told["served"]["grpc"]
    extra = Path(told["pushed"]) / "assets.extra"
    assert json.loads((extra / "alphabet.json").read_text())["symbols"] == LETTERS
