import json

import numpy as np
import pytest

from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import SOURCE, describe_span, find_spans, write_span
from pipeline.retrain import find_model, main
from schema.errors import InputError


def label(root, origins=None):
    image = np.full((20, 60), 200, np.uint8)
    return write_span([LineRecord("a/1", image, "hand", SOURCE)], root, "a test", origins=origins)


@pytest.fixture
def runner():
    """Takes the arguments of runs and ends them with a status."""

    class Runner:
        status = 0

        def __init__(self):
            self.runs = []

        def __call__(self, arguments):
            self.runs.append(list(arguments))
            return self.status

    return Runner()


def look(root, workspace, runner, *options):
    return main(["--spans", str(root), "--workspace", str(workspace), *options], runner)


def test_a_new_span_is_trained_on_with_the_options_given(tmp_path, runner):
    root = tmp_path / "spans"
    label(root)
    assert look(root, tmp_path / "ws", runner, "--", "--set", "first_span=1") == 0
    [run] = runner.runs
    assert run[:4] == ["--dataset", "labeled", "--data-dir", str(root)]
    assert run[-2:] == ["--set", "first_span=1"]


def test_the_status_of_the_run_is_passed_on(tmp_path, runner):
    label(tmp_path / "spans")
    runner.status = 1
    assert look(tmp_path / "spans", tmp_path / "ws", runner) == 1


def test_without_a_span_there_is_nothing_to_do(tmp_path, runner, capsys):
    (tmp_path / "spans").mkdir()
    assert look(tmp_path / "spans", tmp_path / "ws", runner) == 0
    assert "no span yet" in capsys.readouterr().err
    assert look(tmp_path / "nowhere", tmp_path / "ws", runner) == 2
    assert "expected a folder of labelled spans" in capsys.readouterr().err
    assert runner.runs == []


def test_a_span_that_a_model_was_trained_on_is_not_new(tmp_path, runner, capsys):
    from tests.pipeline.recorded_pipeline import RecordedPipeline

    root, workspace = tmp_path / "spans", tmp_path / "ws"
    other = RecordedPipeline(workspace)
    label(root)
    assert find_model(other.workspace, find_spans(root)[-1]) is None
    recorded = RecordedPipeline(workspace, "labeled-lines")
    for _ in range(2):
        label(root)
    model = recorded.train()  # on span 3 version 1, as it records
    assert look(root, workspace, runner) == 0
    assert f"span 3 version 1 was trained on: model {model.id}" in capsys.readouterr().err
    assert runner.runs == []
    label(root)
    look(root, workspace, runner)
    assert len(runner.runs) == 1


def test_origins_lead_from_a_line_to_the_request_and_are_told(tmp_path):
    origin = {"model": "lines", "version": 7, "file": "a.tfrecord", "offset": 12, "row": 0}
    span = label(tmp_path, {"a/1": origin})
    assert describe_span(span) == "span 1 version 1 (lines of requests: 1 to lines 7)"
    assert json.loads((span.path / "origins.json").read_text()) == {"a/1": origin}
    assert describe_span(label(tmp_path)) == "span 2 version 1"
    (span.path / "origins.json").write_text("[]")
    with pytest.raises(InputError, match="restore the span"):
        describe_span(span)
