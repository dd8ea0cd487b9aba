"""After the push: starts the model server on what was pushed and asks it to read a picture."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.run_result import Reading, ServedReading
from pipeline.standby import start_server
from pipeline.tasks import Task
from serving.client import ask_grpc, ask_rest, wait_for_model

START_SECONDS = 60.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class ServerAddress:
    """Where a model server answers: "http://host:port" and "host:port"."""

    rest_url: str
    grpc_address: str


@contextmanager
def serve(model_name: str, base_path: Path) -> Iterator[Callable[[], ServerAddress]]:
    """Runs `python -m serving.server` on ephemeral loopback ports while the block lasts.

    Yields:
      What waits until the server answers, for it may take seconds to start, and returns where; it
      raises RuntimeError where the server did not start, with its last words.
    """
    flags = [
        f"--model_name={model_name}",
        f"--model_base_path={base_path}",
        "--port=ephemeral",
        "--rest_api_port=ephemeral",
    ]
    server = start_server(flags)

    def find_address() -> ServerAddress:
        found = server.wait_for_line(_ADDRESSES, START_SECONDS)
        if found is None:
            raise RuntimeError(f"the model server did not start: {server.last_words()}")
        return ServerAddress(found["rest"], found["grpc"])

    try:
        yield find_address
    finally:
        server.stop()


_ADDRESSES = re.compile(r"grpc=(?P<grpc>\S+) rest=(?P<rest>http\S+)")


def ask_server(
    address: ServerAddress, task: Task, shown: Reading, image_path: Path
) -> ServedReading:
    """Asks for one example over both protocols; its picture is kept at `image_path`."""
    image_path.parent.mkdir(parents=True, exist_ok=True)
    image_path.write_bytes(shown.image_png)
    wait_for_model(address.rest_url, task.name, START_SECONDS)
    [by_rest] = ask_rest(
        address.rest_url, task.name, [shown.image_png], ANSWER_SECONDS, task.prediction
    )
    [by_grpc] = ask_grpc(
        address.grpc_address, task.name, [shown.image_png], ANSWER_SECONDS, task.prediction
    )
    return ServedReading(
        image_path=image_path,
        truth=shown.truth,
        rest_reading=by_rest.text,
        rest_confidence=by_rest.confidence,
        grpc_reading=by_grpc.text,
        grpc_confidence=by_grpc.confidence,
    )
