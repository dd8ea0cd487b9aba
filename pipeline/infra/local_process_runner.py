"""A model server as a local process, in the form in which TFX's InfraValidator runs servers.

Beside TFX's runners for Docker and Kubernetes, for `pipeline.infra.executor`. Both the real and the
embedded server listen on a UNIX socket in a folder of their own: no port to be taken by another,
and nothing open to a network, where TensorFlow Serving would listen on every address.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tfx.components.infra_validator import error_types
from tfx.components.infra_validator.model_server_runners import base_runner

from pipeline.server_process import ServerProcess

_POLL_SECONDS = 0.05


class LocalProcessRunner(base_runner.BaseModelServerRunner):
    """Runs a model server that takes TensorFlow Serving's flags.

    Args:
      kind: of the server, as it is told to people.
      start: starts it with flags.
      model_name: under which it offers the model.
      base_path: holds the version folder.
    """

    def __init__(
        self,
        kind: str,
        start: Callable[[Sequence[str]], ServerProcess],
        model_name: str,
        base_path: Path,
    ) -> None:
        self._kind = kind
        self._start = start
        self._flags = [
            f"--model_name={model_name}",
            f"--model_base_path={base_path}",
            "--port=0",
            "--rest_api_port=0",
            # A candidate that does not load once is refused.
            "--max_num_load_retries=0",
        ]
        self._folder: Path | None = None
        self._process: ServerProcess | None = None

    def __repr__(self) -> str:
        return f"LocalProcessRunner({self._kind})"

    def GetEndpoint(self) -> str:  # noqa: N802 - TFX's name
        """Returns the address, as gRPC writes that of a UNIX socket."""
        return f"unix:{self._socket}"

    def Start(self) -> None:  # noqa: N802 - TFX's name
        """Starts the server without waiting for it."""
        # Not below the pipeline's folders: the path of a socket has 108 bytes at the most.
        self._folder = Path(tempfile.mkdtemp(prefix="model-server-"))
        self._process = self._start([*self._flags, f"--grpc_socket_path={self._socket}"])

    def WaitUntilRunning(self, deadline: float) -> None:  # noqa: N802 - TFX's name
        """Waits until the socket is there; at once, when called again, while the server lives.

        Args:
          deadline: seconds since the epoch.

        Raises:
          JobAborted: the server has ended.
          DeadlineExceeded: the time is over.
        """
        while True:
            if ended := self._running.how_it_ended():
                raise error_types.JobAborted(f"it {ended}")
            if self._socket.exists():
                return
            if time.time() > deadline:
                raise error_types.DeadlineExceeded("it has not begun to listen in time")
            time.sleep(_POLL_SECONDS)

    def GetLogs(self) -> str:  # noqa: N802 - TFX's name
        """Returns the server's last words."""
        return self._running.last_words()

    def Stop(self) -> None:  # noqa: N802 - TFX's name
        """Ends the server and waits for that."""
        if self._process is not None:
            self._process.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder)

    @property
    def _running(self) -> ServerProcess:
        if self._process is None:
            raise RuntimeError("the server is not started: call Start() first")
        return self._process

    @property
    def _socket(self) -> Path:
        if self._folder is None:
            raise RuntimeError("the server is not started: call Start() first")
        return self._folder / "grpc.sock"
