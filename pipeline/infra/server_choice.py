"""Which model server validates a candidate: TensorFlow Serving where it is present.

`pipeline.infra_validate_stage` chooses when the pipeline is made, so that the choice is a part of
the stage's cache key.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException

from pipeline.fingerprint import hash_code
from pipeline.server_process import ServerProcess
from pipeline.standby import get_ready, start_server

TENSORFLOW_MODEL_SERVER, DOCKER, EMBEDDED = "tensorflow_model_server", "docker", "embedded"
"""TensorFlow Serving's binary, its container image, and `python -m serving.server`."""

IMAGE_NAME, IMAGE_TAG = "tensorflow/serving", "latest"

_EMBEDDED_MODULE = "serving.server.standby"  # which goes on as `serving.server.__main__`
_DOCKER_SECONDS = 10  # for the daemon to answer


@dataclass(frozen=True)
class ChosenServer:
    """A model server of this machine.

    Args:
      kind: one of the three above.
      version: another one where the server has changed.
    """

    kind: str
    version: str


def choose_server() -> ChosenServer:
    """Returns the binary on PATH, else the image that a Docker daemon has, else the embedded."""
    if binary := shutil.which(TENSORFLOW_MODEL_SERVER):
        status = Path(binary).stat()
        version = f"{binary} {status.st_size} {status.st_mtime_ns}"
        return ChosenServer(TENSORFLOW_MODEL_SERVER, version)
    if image := _find_image():
        return ChosenServer(DOCKER, image)
    return ChosenServer(EMBEDDED, hash_code(_EMBEDDED_MODULE))


def server_starter(kind: str) -> Callable[[Sequence[str]], ServerProcess]:
    """Returns what starts a server of this machine without a container, given its flags."""
    if kind == TENSORFLOW_MODEL_SERVER:
        return lambda flags: ServerProcess([TENSORFLOW_MODEL_SERVER, *flags])
    return _start_embedded


def _start_embedded(flags: Sequence[str]) -> ServerProcess:
    process = start_server(flags)
    get_ready()  # the closing question needs another
    return process


def _find_image() -> str | None:
    """Returns the id of the image; None without a daemon, or without the image in it.

    It is not pulled: a run must not download hundreds of megabytes, nor fail where it cannot.
    """
    try:
        client = docker.DockerClient(timeout=_DOCKER_SECONDS)
        try:
            return str(client.images.get(f"{IMAGE_NAME}:{IMAGE_TAG}").id)
        finally:
            client.close()
    except DockerException:
        return None
