import pytest
from docker.errors import DockerException, ImageNotFound

from pipeline.infra import server_choice
from pipeline.infra.server_choice import (
    DOCKER,
    EMBEDDED,
    TENSORFLOW_MODEL_SERVER,
    choose_server,
    server_starter,
)


class FakeClient:
    """A Docker daemon with one image."""

    def __init__(self, images):
        self.images = self
        self.closed = False
        self._images = images

    def get(self, name):
        if name not in self._images:
            raise ImageNotFound(name)
        return type("Image", (), {"id": self._images[name]})

    def close(self):
        self.closed = True


@pytest.fixture
def no_binary(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def answer_as_docker(monkeypatch, client):
    def connect(**_):
        if client is None:
            raise DockerException("no daemon")
        return client

    monkeypatch.setattr(server_choice.docker, "DockerClient", connect)


def put_binary(folder):
    binary = folder / "tensorflow_model_server"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    return binary


def test_the_binary_comes_first(no_binary, monkeypatch):
    answer_as_docker(monkeypatch, FakeClient({"tensorflow/serving:latest": "sha256:1"}))
    binary = put_binary(no_binary)
    chosen = choose_server()
    assert chosen.kind == TENSORFLOW_MODEL_SERVER
    binary.write_text("#!/bin/sh\n# another release\n")
    assert choose_server().version != chosen.version


def test_then_the_image_that_docker_has(no_binary, monkeypatch):
    client = FakeClient({"tensorflow/serving:latest": "sha256:1"})
    answer_as_docker(monkeypatch, client)
    chosen = choose_server()
    assert (chosen.kind, chosen.version) == (DOCKER, "sha256:1")
    assert client.closed


@pytest.mark.parametrize("client", [None, FakeClient({"tensorflow/serving:nightly": "sha256:2"})])
def test_without_daemon_or_image_the_embedded(no_binary, monkeypatch, client):
    answer_as_docker(monkeypatch, client)
    assert choose_server().kind == EMBEDDED


def test_an_edited_embedded_server_is_another_version(no_binary, monkeypatch):
    answer_as_docker(monkeypatch, None)
    monkeypatch.setattr(server_choice, "hash_code", lambda module: f"hash of {module}")
    assert choose_server().version == "hash of serving.server.standby"


def test_the_binary_is_started_with_its_flags(monkeypatch):
    monkeypatch.setattr(server_choice, "ServerProcess", list)
    assert server_starter(TENSORFLOW_MODEL_SERVER)(["--a"]) == ["tensorflow_model_server", "--a"]


def test_the_embedded_one_is_taken_before_the_next_gets_ready(monkeypatch):
    done = []
    monkeypatch.setattr(server_choice, "start_server", done.append)
    monkeypatch.setattr(server_choice, "get_ready", lambda: done.append("the next"))
    server_starter(EMBEDDED)(["--a"])
    assert done == [["--a"], "the next"]
