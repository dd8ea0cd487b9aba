"""Makes the web application of `route_modules.ROUTE_MODULES` behind the `guard`."""

import importlib
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from labeling.answers import ConflictError
from labeling.desk import Desk
from labeling.guard import Guard
from labeling.route_modules import ROUTE_MODULES
from labeling.settings import Settings
from labeling.store import Store
from schema.errors import InputError

_BAD_INPUT, _CONFLICT, _GONE = 422, 409, 400


def build_app(store: Store, settings: Settings) -> Starlette:
    """Returns the application, an ASGI one.

    Args:
      store: stays open as long as it serves.
      settings: of the application.
    """
    desk = Desk(store, settings)
    routes: list[BaseRoute] = []
    for name in ROUTE_MODULES:
        module: Any = importlib.import_module(name)
        desk.nav += module.NAV
        routes += module.routes(desk)
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, sessions=desk.sessions, settings=settings)],
        exception_handlers={
            InputError: _tell_bad_input,
            HTTPException: _tell_http,
            ClientDisconnect: _tell_gone,
        },
    )
    app.state.desk = desk
    return app


async def _tell_bad_input(request: Request, error: Exception) -> Response:
    status = _CONFLICT if isinstance(error, ConflictError) else _BAD_INPUT
    return _tell(request, status, str(error))


async def _tell_http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", _BAD_INPUT)
    return _tell(request, status, str(getattr(error, "detail", error)))


async def _tell_gone(request: Request, error: Exception) -> Response:
    """Answers nobody: whoever sent half a body has gone."""
    return _tell(request, _GONE, "expected a whole request, got half of one")


def _tell(request: Request, status: int, words: str) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": words}, status)
    desk: Desk = request.app.state.desk
    return desk.page("problem.html", request, status, problem=words)
