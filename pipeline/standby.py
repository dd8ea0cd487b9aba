"""A model server that stands by during a run: started early, told later what to serve.

`pipeline.command` has one ready while a run's own process is busy with one core, and
`start_server` gives it to whoever needs a server next: the InfraValidator, then the closing
question. Every one of them gets a process of its own, which has served nothing before; what is
spared is only the wait for its imports. Where none stands by, as in a stage on another
orchestrator, `start_server` starts one from the beginning.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.server_process import ServerProcess
from serving.whole_file import write_whole

_FLAGS_FILE = "flags.json"


class StandbyServer:
    """A process that has imported, or is importing, what the embedded server needs."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="standby-"))
        self._flags_file = self._folder / _FLAGS_FILE
        module = [sys.executable, "-m", "serving.server.standby"]
        self._process = ServerProcess([*module, str(self._flags_file)])

    def serve(self, flags: Sequence[str]) -> ServerProcess:
        """Has it serve with these flags of `python -m serving.server`; returns at once.

        The caller stops the process; `close` then removes what is left.
        """
        write_whole(self._flags_file, json.dumps(list(flags)).encode())
        return self._process

    def lives(self) -> bool:
        """Tells whether the process is there still."""
        return self._process.how_it_ended() is None

    def close(self) -> None:
        """Ends the process, if it has not ended, and removes its folder."""
        self._process.stop()
        shutil.rmtree(self._folder)


class _Reserve:
    """The server that stands by, if any, and those that were given away."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.ready: StandbyServer | None = None
        self.given: list[StandbyServer] = []

    def fill(self) -> None:
        if self.ready is None and len(self.given) < self._most:
            self.ready = StandbyServer()

    def give(self) -> StandbyServer | None:
        server, self.ready = self.ready, None
        if server is not None:
            self.given.append(server)
            if not server.lives():  # out of memory, say: a fresh one tells why it does not start
                return None
        return server

    def close(self) -> None:
        for server in (*self.given, *filter(None, [self.ready])):
            server.close()


_reserve: _Reserve | None = None
"""Of the run that this process makes; TFX calls the stages' executors without a way to pass it."""


@contextmanager
def servers_on_standby(most: int, at_once: bool) -> Iterator[None]:
    """Lets servers stand by inside the block, one at a time; ends all of them with it.

    Args:
      most: servers that will be needed.
      at_once: whether the first is started now; the others are by `get_ready`.
    """
    global _reserve
    before, _reserve = _reserve, _Reserve(most)
    try:
        if at_once:
            get_ready()
        yield
    finally:
        _reserve.close()
        _reserve = before


def get_ready() -> None:
    """Starts a server to stand by, where one more will be needed and none does."""
    if _reserve is not None:
        _reserve.fill()


def start_server(flags: Sequence[str]) -> ServerProcess:
    """Starts `python -m serving.server` with these flags, in a process that stands by if one does.

    Returns:
      the process, which the caller stops.
    """
    standby = _reserve.give() if _reserve is not None else None
    if standby is not None:
        return standby.serve(flags)
    return ServerProcess([sys.executable, "-m", "serving.server", *flags])
