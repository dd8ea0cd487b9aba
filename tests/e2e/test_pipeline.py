"""The whole pipeline, small: every component runs, a worse model is not pushed, the better serves.

The runs build on each other, as they do in production: one workspace, one after the other.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.leaderboard.models import read_model_entries
from pipeline.models.history import read_history
from pipeline.run_metadata import RunMetadata
from pipeline.workspace import Workspace
from tests.e2e.bar_runs import GOOD_STEPS, ROOT, TRACKED, run

COMPONENTS = {
    "ImportSchemaGen",
    "LineExampleGen",
    "StatisticsGen",
    "ExampleValidator",
    "last-span",
    "SpanCheck",
    "Transform",
    "Trainer",
    "champion",
    "Evaluator",
    "InfraValidator",
    "Pusher",
}
POOR_STEPS = 2

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def stages(workspace):
    metadata = RunMetadata(workspace / "metadata.sqlite", "emnist-lines")
    return {stage.name: stage.state for stage in metadata.stages()}


def versions(workspace):
    return sorted((workspace / "pushed" / "emnist-lines").iterdir())


def test_a_first_model_is_pushed_by_every_component(first, command):
    status, told, done = first
    assert status == 0, done.stderr
    assert told["blessed"]
    assert told["baseline"] is None
    assert told["metrics"]["cer"]["value"] < 0.2
    assert stages(command.workspace) == dict.fromkeys(COMPONENTS, "ran")
    assert [Path(told["pushed"])] == versions(command.workspace)


def test_the_pushed_model_answers_over_rest_and_grpc(first):
    served = first[1]["served"]
    assert served["rest"] == served["grpc"]
    assert Path(served["image"]).read_bytes().startswith(b"\x89PNG")
    assert 0 < served["rest"]["confidence"] <= 1
    assert len(served["rest"]["text"]) == pytest.approx(len(served["truth"]), abs=2)


def test_report_and_model_card_are_there(first):
    told = first[1]
    assert told["served"]["truth"] in Path(told["report"]).read_text()
    extra = Path(told["pushed"]) / "assets.extra"
    card = json.loads((extra / "model_card.json").read_text())
    assert card["network"] == "lstm_ctc"
    assert card["validation"]["validation_error"] < 0.5
    assert (extra / "tf_serving_warmup_requests").stat().st_size > 0
    assert json.loads((extra / "alphabet.json").read_text())["symbols"].startswith(" 0123")


def test_the_training_is_tracked_offline_and_ranked_with_its_cost(first, command):
    assert first[0] == 0
    assert len(list(command.workspace.glob("tracking/wandb/offline-run-*/run-*.wandb"))) == 1
    [entry] = read_model_entries(Workspace(command.workspace))
    assert 0 < entry.latency_ms < 1000
    assert entry.model_bytes > 100_000
    assert {"origin", "environment", "seed", "code"} <= set(entry.facts)


def test_a_worse_model_is_not_pushed(first, command):
    before = versions(command.workspace)
    status, told, done = run(command(POOR_STEPS))
    assert status == 1, done.stderr
    assert not told["blessed"]
    assert told["pushed"] is None
    assert "above the" in told["reason"]
    assert "model that serves" in told["reason"]
    assert told["baseline"]["cer"]["value"] == first[1]["metrics"]["cer"]["value"]
    assert versions(command.workspace) == before


def test_the_history_tells_what_serves_and_what_was_refused(first, command):
    history = read_history(Workspace(command.workspace), None)
    refused, champion = history.models
    assert history.serving.folder == Path(first[1]["pushed"])
    assert champion.pushes == (history.serving,)
    assert champion.judgement.decisive.candidate.value == first[1]["metrics"]["cer"]["value"]
    assert "model that serves" in refused.judgement.reason
    assert refused.judgement.baseline_id == champion.model_id
    assert refused.pushes == ()


def test_an_equal_model_is_taken_from_the_cache_and_pushed(first, command):
    status, told, done = run(command(GOOD_STEPS, "--no-question", *TRACKED))
    assert status == 0, done.stderr
    assert told["metrics"]["cer"]["value"] == told["baseline"]["cer"]["value"]
    states = stages(command.workspace)
    for name in ("LineExampleGen", "StatisticsGen", "Transform", "Trainer", "InfraValidator"):
        assert states[name] == "cached"


def test_a_run_killed_in_training_resumes(command):
    slow = command(GOOD_STEPS, "--no-question", "--seed", "5")
    started = subprocess.Popen(slow, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    states = command.workspace / "resume"
    deadline = time.monotonic() + 240
    while not list(states.glob("*/state.json")):
        assert started.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    [state] = states.glob("*/state.json")
    done_before = len(json.loads(state.read_text())["history"])
    status, _, done = run(slow)
    assert status in (0, 1), done.stderr
    assert f"epoch {done_before + 1}:" in done.stderr
    assert f"epoch {done_before}:" not in done.stderr
    assert not list(states.glob("*/state.json"))
