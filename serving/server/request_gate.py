"""Counts the requests that are worked on and refuses further ones when the server stops.

Each request of `grpc_service` passes it.
"""

import threading
from typing import Any

from serving.server.status import Code, ServableError

_MOST_HELD_SECONDS = 5.0


class Gate:
    """Counts the requests inside, and lets none in once it is closed.

    gRPC cancels requests that it has received but not handed over when it is told to stop. A closed
    gate refuses them with a status upon which clients ask elsewhere. Those who ask again at once
    are held at the end, so that nobody sends while gRPC stops, and hear their refusal afterwards.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False
        self._holding = False

    def close(self) -> None:
        """Refuses requests from now on."""
        with self._changed:
            self._closed = True

    def wait_until_empty(self, seconds: float) -> None:
        """Waits until no request is inside, or for so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside, seconds)

    def hold(self) -> None:
        """Lets those wait who are to be refused, until `let_go`."""
        with self._changed:
            self._holding = True

    def let_go(self) -> None:
        """Refuses those who wait."""
        with self._changed:
            self._holding = False
            self._changed.notify_all()

    def __enter__(self) -> None:
        with self._changed:
            if self._closed:
                self._changed.wait_for(lambda: not self._holding, _MOST_HELD_SECONDS)
                raise ServableError(Code.UNAVAILABLE, "the server is stopping; ask another")
            self._inside += 1

    def __exit__(self, *_: Any) -> None:
        with self._changed:
            self._inside -= 1
            if not self._inside:
                self._changed.notify_all()
