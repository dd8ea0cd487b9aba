"""What is missing is told in one line, within seconds."""

import socket
import time
from concurrent import futures

import grpc
import pytest

from pipeline.beam import reach
from pipeline.beam.options import BeamOptions
from pipeline.beam.reach import check_reach
from schema.errors import InputError


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def greeting():
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


@pytest.fixture
def silent():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, but nobody listens
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def refusal(**options):
    started = time.monotonic()
    with pytest.raises(InputError) as error:
        check_reach(BeamOptions(**options))
    assert time.monotonic() - started < 5
    assert "\n" not in str(error.value)
    return str(error.value)


def test_all_there(greeting):
    check_reach(
        BeamOptions(
            runner="portable",
            job_endpoint=greeting,
            environment="external",
            environment_config=greeting,
        )
    )


def test_what_listens_is_no_grpc_server(listening, greeting, monkeypatch):
    monkeypatch.setattr(reach, "GREETING_SECONDS", 0.5)
    said = refusal(runner="portable", job_endpoint=listening, environment="loopback")
    assert f"--job-endpoint {listening}, got something that does not greet" in said
    said = refusal(
        runner="portable",
        job_endpoint=greeting,
        environment="external",
        environment_config=listening,
    )
    assert f"--environment-config {listening}, got something" in said


def test_no_endpoint(silent):
    said = refusal(runner="portable", job_endpoint=silent, environment="loopback")
    assert f"--job-endpoint {silent}" in said
    assert "local_job_service_main" in said


def test_no_pool(greeting, silent):
    said = refusal(
        runner="portable",
        job_endpoint=greeting,
        environment="external",
        environment_config=silent,
    )
    assert f"--environment-config {silent}" in said
    assert "pipeline.beam.worker_pool" in said


def test_an_unknown_host():
    said = refusal(runner="portable", job_endpoint="no-such.invalid:1", environment="loopback")
    assert "no-such.invalid:1" in said


def test_no_jar(tmp_path, listening):
    said = refusal(
        runner="flink",
        master=listening,
        job_server_jar=tmp_path / "none.jar",
        staging=tmp_path,
        environment="loopback",
    )
    assert "none.jar" in said
    assert "beam-runners-flink" in said


def test_no_staging_folder(tmp_path, listening, monkeypatch):
    jar = tmp_path / "server.jar"
    jar.touch()
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    said = refusal(
        runner="spark",
        master=f"spark://{listening}",
        job_server_jar=jar,
        staging=tmp_path / "none",
        environment="loopback",
    )
    assert "--staging" in said


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"environment": "process", "environment_config": "no-such-boot --flag"}, "no-such-boot"),
        ({"environment": "docker", "worker_image": "image"}, "docker"),
    ],
)
def test_no_program(listening, environment, named, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert named in refusal(runner="portable", job_endpoint=listening, **environment)
