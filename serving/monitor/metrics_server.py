"""Serves the monitor's metrics to Prometheus."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.server.http_server import HttpOptions, listen, start
from serving.server.metrics import CONTENT_TYPE

PATH = "/metrics"


@contextmanager
def serve_metrics(host: str, port: int, text: Callable[[], bytes]) -> Iterator[str]:
    """Serves while the block lasts; gives the address.

    Args:
      host: to listen on.
      port: 0 for any that is free.
      text: the Prometheus text of now.

    Raises:
      InputError: the address is taken or not ours.
    """

    async def answer(_: Request) -> Response:
        return Response(text(), media_type=CONTENT_TYPE)

    listener = listen(host, port, "metrics", "--metrics-port or --metrics-host")
    app = Starlette(routes=[Route(PATH, answer)])
    ask_to_stop, wait = start(app, listener, HttpOptions(grace_seconds=1.0))
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{listener.getsockname()[1]}{PATH}"
    finally:
        ask_to_stop()
        wait()
