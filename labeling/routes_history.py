"""Who has changed what: the whole history, the newest first."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from labeling import history
from labeling.desk import Desk, Nav

NAV: Nav = (("History", "/history"),)

_SHOWN = 50


def routes(desk: Desk) -> list[BaseRoute]:
    """Returns the routes of this module."""

    def show(request: Request) -> Response:
        given = request.query_params.get("before", "")
        before = int(given) if given.isdecimal() and len(given) < 18 else None
        changes = history.latest(desk.store.reading(), _SHOWN + 1, before)
        older = changes[_SHOWN - 1].id if len(changes) > _SHOWN else None
        return desk.page("history.html", request, changes=changes[:_SHOWN], older=older)

    return [Route("/history", show)]
