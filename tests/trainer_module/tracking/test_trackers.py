import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from schema.errors import InputError
from trainer_module.history import Epoch
from trainer_module.tracking.choice import TRACKERS, TrackingChoice, make_tracker
from trainer_module.tracking.guarded import Guarded
from trainer_module.tracking.tracker import ExampleReading, NoTracker, TrackedRun
from trainer_module.tracking.wandb_server import find_obstacle

ROOT = Path(__file__).resolve().parents[3]
RUN = TrackedRun(
    name="sample-lines 7",
    group="run-1",
    tags=("lines", "examples 12"),
    config={"hyperparameters": {"dropout": 0.1}, "stem": (1, 2)},
    error_name="CER",
    data={"sources": [{"span": "3"}]},
)
READINGS = [ExampleReading(np.full((28, 40), 200, np.uint8), "a|b", "ab")]


def epoch(number):
    return Epoch(number, 3.0 / number, 4.0 / number, 0.5 / number, 2.0, 0.01)


def tell_all(tracker, folder):
    """What a training tells, of two epochs."""
    model = folder / "model"
    model.mkdir(parents=True, exist_ok=True)
    (model / "saved_model.pb").write_text("graph")
    tracker.start(RUN)
    tracker.epoch(epoch(1), READINGS)
    tracker.epoch(epoch(2), READINGS)
    tracker.model(model, {"latency_ms": 2.5, "code": "c0de"})
    tracker.end()


class Broken(NoTracker):
    def epoch(self, epoch, readings):
        raise OSError(28, "No space left on device")


def test_a_tracker_that_fails_is_left_out_and_one_line_tells(capsys, tmp_path):
    tell_all(Guarded(Broken, "wandb"), tmp_path)
    [line] = capsys.readouterr().err.splitlines()
    assert "wandb fails (OSError: [Errno 28] No space left on device)" in line
    assert "training goes on" in line


@pytest.mark.parametrize("tracker", ["tensorboard", "wandb"])
def test_a_folder_that_cannot_be_made_harms_no_training(tracker, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    tell_all(make_tracker(TrackingChoice(tracker, str(tmp_path / "file"))), tmp_path / "elsewhere")
    [line] = capsys.readouterr().err.splitlines()
    assert f"{tracker} fails" in line


def test_an_unknown_tracker_and_a_relative_folder_are_refused():
    with pytest.raises(InputError, match=", ".join(TRACKERS)):
        TrackingChoice("mlflow", "/tmp")
    with pytest.raises(InputError, match="absolute"):
        TrackingChoice("wandb", "here")


def test_tensorboard_shows_curves_pictures_system_and_configuration(tmp_path):
    tell_all(make_tracker(TrackingChoice("tensorboard", str(tmp_path))), tmp_path / "elsewhere")
    [path] = (tmp_path / "tensorboard" / RUN.name).glob("events*")
    tags = {}
    for event in tf.compat.v1.train.summary_iterator(str(path)):
        for value in event.summary.value:
            tags.setdefault(value.tag, []).append(event.step)
    assert tags["validation/CER"] == [1, 2]
    assert tags["readings/0"] == [1, 2]
    assert {"train/loss", "system/process_memory_mib", "config", "data", "model"} <= set(tags)


def test_a_server_that_is_not_there_is_told():
    assert "not reached" in find_obstacle("http://127.0.0.1:1", "key")


@pytest.fixture
def serve_answer():
    """Answers every question with a status and a text, on a port of the system's choice."""
    servers = []

    def serve(status, text):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (401, "", "refuses the key"),
        (200, '{"data": {"viewer": null}}', "does not know the key"),
        (200, "<html>a log-in page</html>", "is not reached (JSONDecodeError"),
        (200, "[]", "is not reached (AttributeError"),
        (503, "", "is not reached (HTTPStatusError"),
    ],
)
def test_a_wrong_key_and_a_wrong_server_are_told(serve_answer, status, text, said):
    assert said in find_obstacle(serve_answer(status, text), "key")


def test_a_server_that_takes_the_key_is_no_obstacle(serve_answer):
    assert (
        find_obstacle(serve_answer(200, '{"data": {"viewer": {"username": "a"}}}'), "key") is None
    )


def run_wandb(folder, tracker="wandb", **environment):
    """Tells all to a tracker in a process of its own; returns what it said."""
    program = Path(__file__).with_name("tell_wandb.py")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")}
    return subprocess.run(
        [sys.executable, program, tracker, folder],
        capture_output=True,
        text=True,
        timeout=300,
        env=clean | {"PYTHONPATH": str(ROOT), "HOME": str(folder)} | environment,
    )


def read_records(folder):
    """Reads a run's records with the client's own reader."""
    datastore = pytest.importorskip(
        "wandb.sdk.internal.datastore", reason="later clients read runs in no public way"
    )
    from wandb.proto import wandb_internal_pb2

    [path] = folder.glob("wandb/offline-run-*/run-*.wandb")
    store = datastore.DataStore()
    store.open_for_scan(str(path))
    while (content := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(content)
        yield record


@pytest.mark.slow
def test_the_official_client_reads_the_offline_run(tmp_path):
    done = run_wandb(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    records = list(read_records(tmp_path))
    [run] = [each.run for each in records if each.WhichOneof("record_type") == "run"]
    assert (run.display_name, run.run_group, list(run.tags)) == (RUN.name, RUN.group, [*RUN.tags])
    history = [
        {item.key or ".".join(item.nested_key): item.value_json for item in each.history.item}
        for each in records
        if each.WhichOneof("record_type") == "history"
    ]
    assert [row["validation/CER"] for row in history] == ["0.5", "0.25"]
    assert all("readings" in row or any("readings" in key for key in row) for row in history)
    artifacts = [
        request.log_artifact.artifact
        for request in (each.request for each in records)
        if request.WhichOneof("request_type") == "log_artifact"
    ] + [each.artifact for each in records if each.WhichOneof("record_type") == "artifact"]
    assert {artifact.type for artifact in artifacts} == {"dataset", "model"}
    assert list(tmp_path.glob("wandb/offline-run-*/files/media/images/*.png"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "there is no key"),
        ({"WANDB_API_KEY": "x" * 40, "WANDB_BASE_URL": "http://127.0.0.1:1"}, "is not reached"),
    ],
)
def test_what_cannot_go_online_is_kept_offline_and_one_line_tells(tmp_path, environment, said):
    done = run_wandb(tmp_path, "wandb-online", **environment)
    assert done.returncode == 0
    [line] = done.stderr.splitlines()
    assert said in line
    assert "wandb sync" in line
    assert len(list(read_records(tmp_path))) > 2
