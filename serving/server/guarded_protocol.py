"""uvicorn's protocol with limits: a connection that says nothing, or too much, is closed.

`http_server` serves with it. Many connections that each send the head of a request slowly would
else hold the server, and one whose head never ends its memory.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 1 << 16
"""Of the head of a request; what came in one piece with its beginning does not count."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection.

    Args:
      head_seconds: within which the head of a request must follow its first byte.
      idle_seconds: after which a connection without a request is closed.
      given: what uvicorn gives its protocols.
    """

    def __init__(self, *, head_seconds: float, idle_seconds: float, **given: Any) -> None:
        super().__init__(**given)
        self._head_seconds, self._idle_seconds = head_seconds, idle_seconds
        self._guard: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Waits for the first request."""
        super().connection_made(transport)
        self._arm(self._idle_seconds)

    def data_received(self, data: bytes) -> None:
        """Takes a piece of a request, or of several."""
        self._head_bytes += len(data) if self._in_head else 0
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            if self._head_bytes > MOST_HEAD_BYTES:
                self.send_400_response(f"expected a head of at most {MOST_HEAD_BYTES} bytes")
        elif self._guard is None and (self.cycle is None or self.cycle.response_complete):
            self._arm(self._idle_seconds)  # empty lines are no request

    def on_message_begin(self) -> None:
        """Waits for the head that begins."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._arm(self._head_seconds)

    def on_headers_complete(self) -> None:
        """Has the request answered; how long that takes is not minded here."""
        self._in_head = False
        self._release()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends."""
        super().connection_lost(exc)
        self._release()

    def _arm(self, seconds: float) -> None:
        self._release()
        self._guard = self.loop.call_later(seconds, self.transport.close)

    def _release(self) -> None:
        if self._guard is not None:
            self._guard.cancel()
            self._guard = None
