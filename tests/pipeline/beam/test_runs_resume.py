"""Runs that end in one line because of their pools, and the next one that goes on.

All in one workspace, one after the other, with data of a bucket; the stages end with Transform.
"""

import os
import socket
import sys
import time
from pathlib import Path

import pytest

import beam_runner
from pipeline import command
from pipeline.arguments import make_config, make_parser
from pipeline.beam import losses, watch
from pipeline.pipeline import create_data_pipeline
from pipeline.prepare import prepare_data
from pipeline.run import _run_stages
from pipeline.run_metadata import RunMetadata
from tests.pipeline.beam.when import when

pytestmark = pytest.mark.slow

FOLDERS = ("--dataset", "emnist", "--workspace")
COUNTS = ("train_lines=60", "validation_lines=10", "test_lines=10")
SMALL_DISK = 'mount -t tmpfs -o size="$0" none "$1" && export TMPDIR="$1" && shift && exec "$@"'


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(watch, "GRACE_SECONDS", 1.0)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(losses, "REFUSED_SECONDS", 1.0)


@pytest.fixture
def run(endpoint, glyph_folder, gcs_store, tmp_path, monkeypatch, capsys):
    """Runs the command up to Transform with a pool; returns its status and its last line."""
    for file in glyph_folder.iterdir():
        gcs_store.put(file.name, file.read_bytes())
    workspace = tmp_path / "workspace"

    def run_data_stages(config, _command, _question, work, _outlet):
        config = prepare_data(config)
        _run_stages(create_data_pipeline(config, work.args), config, work.far_workers)
        return 0

    monkeypatch.setattr(command, "run", run_data_stages)
    common = [*FOLDERS, str(workspace), "--data-dir", str(gcs_store.address)]
    common += [f"--set={count}" for count in COUNTS]

    def once(pool):
        words = ["--runner", "portable", "--job-endpoint", endpoint.job_endpoint]
        words += ["--environment", "external", "--environment-config", pool]
        status = beam_runner.main([*common, *words])
        said = capsys.readouterr()
        assert said.out == ""
        assert "Traceback" not in said.err
        return status, said.err.splitlines()[-1]

    once.config = make_config(make_parser("test", "").parse_args(common))
    return once


def stages(config):
    return {
        stage.name: stage.state
        for stage in RunMetadata(config.database, config.pipeline_name).stages()
    }


def artifacts(config, name):
    return [path for path in config.pipeline_root.glob(f"{name}/*/*/Split-*/*") if path.is_file()]


def refuse(run, pool):
    """Runs with a pool that fails; returns the one line."""
    begun = time.monotonic()
    status, said = run(pool)
    assert time.monotonic() - begun < 60
    assert status == 2, said
    assert said.startswith("beam_runner.py: expected ")
    return said


def start_beams_own(endpoint, machine):
    """Starts the pool that Beam ships, which knows nothing of the project; returns its address."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    bare = {name: value for name, value in os.environ.items() if name in ("HOME", "TMPDIR")}
    bare["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.defpath))
    words = ("env", "-i", "--chdir=/", *(f"{name}={value}" for name, value in bare.items()))
    module = ("python", "-m", "apache_beam.runners.worker.worker_pool_main")
    endpoint.start("beams-own", *machine.enter, *words, *module, f"--service_port={port}")
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((machine.address, port), 1).close()
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return f"{machine.address}:{port}"


def test_each_failure_is_one_line_and_what_was_done_is_kept(apart, endpoint, run, tmp_path):
    (small := tmp_path / "small").mkdir()

    # No room for the workers' package where the pool is.
    disk = ("unshare", "--mount", "sh", "-c", SMALL_DISK, "64k", str(small))
    _, pool = endpoint.start_pool("small-disk", before=disk)
    said = refuse(run, pool)
    assert "room for the run's package" in said
    assert "TMPDIR" in said
    assert not artifacts(run.config, "LineExampleGen")

    # Workers without the project.
    said = refuse(run, start_beams_own(endpoint, apart[1]))
    assert "without a module (No module named 'pipeline')" in said
    assert not artifacts(run.config, "LineExampleGen")

    # The pool goes between two stages. It was started with nothing but its own environment.
    bare = ("env", "-i", f"HOME={os.environ['HOME']}", f"PATH={os.defpath}")
    between, pool = endpoint.start_pool("between", before=bare)
    logs = run.config.logs_path
    when(
        lambda: any("LineExampleGen is finished" in log.read_text() for log in logs.glob("*.log")),
        between.kill,
    )
    assert pool in refuse(run, pool)
    ingested = artifacts(run.config, "LineExampleGen")
    assert ingested
    assert not artifacts(run.config, "StatisticsGen")

    # The pool that passes on goes within a stage.
    passing, pool = endpoint.start_passing_on("within", *endpoint.addresses)
    workers = sum(endpoint.count_workers())

    def kill():
        time.sleep(0.5)  # its answer about the last worker is on the way
        passing.kill()

    when(lambda: sum(endpoint.count_workers()) == workers + 2, kill)
    assert f"got the pool {pool}, which does not answer" in refuse(run, pool)
    assert not artifacts(run.config, "StatisticsGen")

    status, said = run(endpoint.address)
    assert status == 0, said
    told = stages(run.config)
    assert told["LineExampleGen"] == "cached"
    assert told["StatisticsGen"] == told["Transform"] == "ran"
    assert artifacts(run.config, "LineExampleGen") == ingested
    assert not (run.config.workspace / "pushed").exists()
