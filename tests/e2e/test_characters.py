"""Characters through the whole pipeline, and a line network that begins with what they taught."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run_metadata import RunMetadata

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


def run(workspace, bar_folder, *options):
    command = [
        *(sys.executable, "local_runner.py", "--dataset", "emnist", "--data-dir", bar_folder),
        *("--workspace", workspace, *options),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def characters(workspace, bar_folder):
    return run(workspace, bar_folder, "--task", "characters", "--train-steps", "60")


def test_a_character_model_is_pushed_and_names_what_it_is_asked(characters):
    assert characters["blessed"]
    assert characters["metrics"]["accuracy"]["value"] > 0.95
    assert characters["metrics"]["accuracy"]["examples"] == 120
    served = characters["served"]
    assert served["rest"]["text"] == served["grpc"]["text"] == served["truth"]


def test_a_line_network_is_warm_started_and_the_lineage_says_from_where(
    workspace, bar_folder, bar_corpus, characters
):
    settings = {"train_lines": 40, "validation_lines": 10, "test_lines": 10, "max_cer": 9}
    told = run(
        workspace,
        bar_folder,
        *("--corpus", bar_corpus, "--train-steps", "2", "--no-question"),
        *("--warm-start", characters["pushed"]),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    )
    card_file = Path(told["pushed"] or "") / "assets.extra" / "model_card.json"
    metadata = RunMetadata(workspace / "metadata.sqlite", "emnist-lines")
    [base] = [entry for entry in metadata.lineage() if entry.producer == "base_model"]
    assert base.uri == characters["pushed"]
    [model] = [entry for entry in metadata.lineage() if entry.producer == "Trainer"][:1]
    assert base.artifact_id in model.inputs
    if told["pushed"]:
        assert json.loads(card_file.read_text())["warm_start"].startswith(characters["pushed"])
