"""A search before the training: what it found goes to the Trainer and stays in the lineage."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.models.history import read_history
from pipeline.run_metadata import RunMetadata
from pipeline.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def tuned(bar_folder, bar_corpus, tmp_path_factory):
    workspace = tmp_path_factory.mktemp("tuned")
    space = workspace / "space.toml"
    space.write_text("learning_rate = [0.005, 0.004]\nbatch_size = [16, 64]\n")
    settings = {"train_lines": 480, "validation_lines": 40, "test_lines": 50, "max_cer": 2}
    settings |= {"max_wer": 2, "max_slice_cer": 2, "clip_norm": 1.0}
    command = [
        *(sys.executable, "local_runner.py", "--dataset", "emnist", "--no-question"),
        *("--data-dir", bar_folder, "--corpus", bar_corpus, "--workspace", workspace),
        *("--train-steps", "192", "--tune", "random", "--trials", "2", "--space", space),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return workspace, json.loads(done.stdout.splitlines()[-1])


def test_the_trainer_takes_what_the_search_found(tuned):
    workspace, told = tuned
    stages = {
        each.name for each in RunMetadata(workspace / "metadata.sqlite", "emnist-lines").stages()
    }
    assert {"Tuner", "Trainer"} <= stages
    search = told["search"]
    assert (search["completed"], search["failed"]) == (2, 0)
    card = json.loads((Path(told["pushed"]) / "assets.extra" / "model_card.json").read_text())
    assert card["hyperparameters"]["batch_size"] == search["best"]["changes"]["batch_size"]
    assert card["train_steps"] == 192 * 8 / card["hyperparameters"]["batch_size"]


def test_the_lineage_leads_from_the_model_to_the_search(tuned):
    workspace, told = tuned
    [model] = read_history(Workspace(workspace), None).models
    assert "HyperParameters" in [entry.type_name for entry in model.lineage]
    assert model.recipe.hyperparameters == told["search"]["hyperparameters"]
    results = Path(told["search"]["picture"]).parent
    assert len(json.loads((results / "trials.json").read_text())["trials"]) == 2
    assert "Search for hyperparameters" in Path(told["report"]).read_text()
