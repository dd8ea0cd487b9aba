"""A job whose workers or pools are lost ends in one line, where Beam's job service would wait."""

import os
import signal
import time
import zipfile
from functools import partial

import apache_beam as beam
import pytest

from pipeline.beam import losses, watch
from pipeline.beam.losses import PoolWatch
from pipeline.run import find_input_error
from tests.pipeline.beam.when import when

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    """The tests' workers are near: what they need is told at once."""
    monkeypatch.setattr(watch, "GRACE_SECONDS", 1.0)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.5)


def run_job(beam_args, folder=None, seconds=0.0):
    """Counts to ten; marks in the folder that a worker is at it."""

    def count(number):
        if folder:
            (folder / "begun").touch()
        time.sleep(seconds)
        return number

    with beam.Pipeline(argv=list(beam_args)) as pipeline:
        _ = pipeline | beam.Create(range(10)) | beam.Reshuffle() | beam.Map(count)


def failure(beam_args, **more):
    """Runs a job that fails within a minute; returns the one line."""
    started = time.monotonic()
    with pytest.raises(Exception, match=r".") as error:
        run_job(beam_args, **more)
    assert time.monotonic() - started < 60
    said = str(find_input_error(error.value))
    assert "\n" not in said
    return said


def test_a_pool_killed_before_its_worker_connects(endpoint):
    near, near_address = endpoint.start_pool("killed-early")
    _, address = endpoint.start_passing_on("passes-on-early", near_address)

    def kill():
        time.sleep(0.2)  # its answer is on the way
        near.kill()

    when(lambda: endpoint.find_workers("killed-early"), kill)
    said = failure(endpoint.args_with(address))
    assert f"got the pool {near_address}, which does not answer" in said


def test_a_worker_that_dies_before_it_connects(endpoint):
    _, address = endpoint.start_pool("loses-a-worker")

    def kill():
        os.kill(endpoint.find_workers("loses-a-worker")[0], signal.SIGTERM)

    when(lambda: endpoint.find_workers("loses-a-worker"), kill)
    assert "that was killed by SIGTERM" in failure(endpoint.args_with(address))


def test_a_package_that_cannot_be_imported(endpoint, tmp_path):
    package = tmp_path / "broken-1-py3-none-any.whl"
    with zipfile.ZipFile(package, "w") as wheel:
        wheel.writestr("apache_beam/__init__.py", "raise ImportError('broken')\n")
    _, address = endpoint.start_pool("bad-package")
    said = failure(endpoint.args_with(address, package))
    assert "a worker of the pool on" in said
    assert "ended with status 1" in said


def test_the_named_pool_hangs(endpoint, monkeypatch):
    monkeypatch.setattr(losses, "SILENT_SECONDS", 3.0)
    pool, address = endpoint.start_pool("hangs")
    pool.send_signal(signal.SIGSTOP)
    try:
        said = failure(endpoint.args_with(address))
    finally:
        pool.send_signal(signal.SIGCONT)
    # The watch's words, or those of the job service, which waits 20 s for a greeting.
    assert address in said
    assert "answer" in said


def test_a_machine_is_gone_within_a_job(apart, endpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(losses, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(watch, "PoolWatch", partial(PoolWatch, patience=1.0))
    machine = apart[2]
    _, address = endpoint.start_pool("gone", machine=machine)
    when((tmp_path / "begun").exists, machine.cut_off)
    try:
        said = failure(endpoint.args_with(address), folder=tmp_path, seconds=5.0)
    finally:
        machine.connect()
    assert f"got the pool {address}, which does not answer" in said
