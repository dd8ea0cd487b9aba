"""The whole pipeline with artifacts in a bucket: begun on one machine, gone on with on another."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.models.history import read_history
from pipeline.run_metadata import RunMetadata
from pipeline.workspace import ARTIFACTS_FILE, Workspace
from tests.e2e.bar_runs import GOOD_STEPS, ROOT, build_command, run

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def models(workspace, *arguments):
    command = [sys.executable, "-m", "pipeline.models", *arguments, "--workspace", workspace]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def keep_only(workspace, *names):
    for path in workspace.iterdir():
        if path.name not in names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_another_machine_goes_on(s3_store, bar_folder, bar_corpus, tmp_path):
    workspace = tmp_path / "workspace"
    command = build_command(bar_folder, bar_corpus, workspace, GOOD_STEPS)
    kept = ("--artifacts", str(s3_store.address), "--no-question")
    status, told, done = run([*command, *kept])
    assert status == 0, done.stderr
    version = Path(told["pushed"])
    error_rate = told["metrics"]["cer"]["value"]
    names = s3_store.objects()
    assert any(name.startswith("emnist-lines/Trainer/model/") for name in names)
    assert not any("/.temp/" in name or ".system" in name for name in names)

    # Another machine: it has the lineage, as of a database on a server, and nothing else.
    keep_only(workspace, "metadata.sqlite", ARTIFACTS_FILE)
    assert f"version {version.name} serves" not in models(workspace, "list")
    status, told, done = run([*command, "--no-question"])
    assert status == 0, done.stderr
    assert f"pushed elsewhere, now here: {version}" in done.stderr
    metadata = RunMetadata(workspace / "metadata.sqlite", "emnist-lines")
    states = {stage.name: stage.state for stage in metadata.stages()}
    # The baseline is there now, where there was none: that is judged, all else is known.
    assert {name for name, state in states.items() if state == "ran"} <= {
        *("champion", "last-span", "Evaluator", "Pusher")
    }
    assert told["metrics"]["cer"]["value"] == told["baseline"]["cer"]["value"] == error_rate
    assert Path(told["report"]).stat().st_size > 100_000

    status, told, done = run([*build_command(bar_folder, bar_corpus, workspace, 2), kept[-1]])
    assert status == 1, done.stderr
    assert "model that serves" in told["reason"]

    # And a third, from which somebody promotes and rolls back.
    keep_only(workspace, "metadata.sqlite", ARTIFACTS_FILE)
    worse, better = read_history(Workspace(workspace), None).models
    assert worse.pushes == ()
    assert "restored" in models(
        workspace, "promote", str(worse.model_id), "--force", "--reason", "to see"
    )
    assert f"model {better.model_id}" in models(workspace, "rollback", "--reason", "seen")
    history = read_history(Workspace(workspace), None)
    assert history.serving.model_id == better.model_id
    leaderboard = [sys.executable, "-m", "pipeline.leaderboard", "--workspace", workspace]
    shown = subprocess.run(leaderboard, cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("emnist-lines/") == 2
