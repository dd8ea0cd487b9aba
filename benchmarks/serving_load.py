"""Runs the embedded model server in a process of its own and asks it, for the benchmarks."""

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from main_job import ROOT

PREDICT = "/tensorflow.serving.PredictionService/Predict"
ADDRESSES = re.compile(r"grpc=(\S+) rest=http://(\S+):(\d+)")


@dataclass(frozen=True)
class Served:
    """A server that runs: its gRPC address, its REST host and port, its process."""

    grpc: str
    rest: tuple[str, int]
    pid: int

    def terminate(self) -> None:
        """Asks the server to stop."""
        os.kill(self.pid, signal.SIGTERM)

    def processor_seconds(self) -> float:
        """Returns the processor time that the server has taken so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serve(base_path: Path, *flags: str) -> Iterator[Served]:
    """Runs the server while the block lasts."""
    command = [sys.executable, "-m", "serving.server", "--model_name=m", *flags]
    command += [f"--model_base_path={base_path}", "--port=ephemeral", "--rest_api_port=ephemeral"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        found = next(filter(None, map(ADDRESSES.search, process.stderr or ())))
        threading.Thread(target=lambda: list(process.stderr or ()), daemon=True).start()
        address = found[2], int(found[3])
        wait_until_ready(address)
        yield Served(found[1], address, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def wait_until_ready(address: tuple[str, int]) -> None:
    """Waits until a version serves."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(address) as client:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n")
            if b" 200 " in client.recv(100):
                return
        time.sleep(0.1)


class RestClient:
    """A connection that sends prepared requests, as cheaply as Python can.

    Attributes:
      closed: whether the server has said that it closes the connection.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.closed = False
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __call__(self, request: bytes) -> None:
        """Sends a request whose answer must be a 200."""
        status = self.ask(request)
        if status != 200:
            raise RuntimeError(f"expected a reading, got status {status}")

    def ask(self, request: bytes) -> int:
        """Sends a request, waits for the whole answer and returns its status."""
        self._socket.sendall(request)
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._receive()
        length = re.search(rb"content-length: (\d+)", got[:end])
        while len(got) < end + 4 + int(length[1] if length else 0):
            got += self._receive()
        self.closed = b"connection: close" in got[:end]
        return int(got[9:12])

    def _receive(self) -> bytes:
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def rest_request(picture: bytes) -> bytes:
    """Returns a whole HTTP request for one picture."""
    body = json.dumps({"instances": [{"b64": base64.b64encode(picture).decode()}]}).encode()
    head = f"POST /v1/models/m:predict HTTP/1.1\r\nHost: m\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def grpc_request(picture: bytes) -> bytes:
    """Returns a serialized PredictRequest for one picture."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    from serving.signatures import IMAGE_BYTES

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "m"
    request.inputs[IMAGE_BYTES].CopyFrom(tf.make_tensor_proto([picture]))
    serialized: bytes = request.SerializeToString()
    return serialized
