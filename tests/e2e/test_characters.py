"""Characters through the whole pipeline, and a line network that begins with what they taught.

The data comes out of a bucket of one kind, and the models are published to one of the other.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run_metadata import RunMetadata
from tests.pipeline.buckets.stores import open_gcs, open_s3

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def data(bar_folder, moto_url, tmp_path_factory):
    with (
        pytest.MonkeyPatch.context() as patch,
        open_s3(moto_url, patch, tmp_path_factory.mktemp("s3")) as store,
    ):
        for file in bar_folder.iterdir():
            store.put(file.name, file.read_bytes())
        yield store


@pytest.fixture(scope="module")
def published():
    with pytest.MonkeyPatch.context() as patch, open_gcs(patch) as store:
        yield store


def run(workspace, data, *options):
    command = [
        *(sys.executable, "local_runner.py", "--dataset", "emnist"),
        *("--data-dir", str(data.address), "--workspace", workspace, *options),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def characters(workspace, data, published):
    publishing = ("--publish", str(published.address))
    return run(workspace, data, "--task", "characters", "--train-steps", "60", *publishing)


def test_a_character_model_is_pushed_and_names_what_it_is_asked(characters):
    assert characters["blessed"]
    assert characters["metrics"]["accuracy"]["value"] > 0.95
    assert characters["metrics"]["accuracy"]["examples"] == 120
    served = characters["served"]
    assert served["rest"]["text"] == served["grpc"]["text"] == served["truth"]


def test_the_bucket_holds_what_was_pushed(characters, published):
    pushed = Path(characters["pushed"])
    place = f"{pushed.parent.name}/{pushed.name}"
    assert characters["published"] == f"{published.address}/{place}"
    files = [path for path in pushed.rglob("*") if path.is_file()]
    assert {
        f"{place}/{path.relative_to(pushed)}": path.read_bytes() for path in files
    }.items() <= published.objects().items()


def test_a_line_network_is_warm_started_and_the_lineage_says_from_where(
    workspace, data, bar_corpus, characters
):
    settings = {"train_lines": 40, "validation_lines": 10, "test_lines": 10, "max_cer": 9}
    told = run(
        workspace,
        data,
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
