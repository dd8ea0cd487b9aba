"""The first page, who sits before the browser, pictures and static files."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from labeling.bodies import read_form
from labeling.desk import Desk, Nav, see_other
from labeling.items import STATUSES
from labeling.pictures import for_browser
from labeling.sessions import checked_name

NAV: Nav = (("Start", "/"),)

_PICTURE_NAME = re.compile("[0-9a-f]{64}")
_STATIC = Path(__file__).resolve().parent / "static"
_PICTURE_AGE = "private, max-age=31536000, immutable"  # its name is its content's hash


def routes(desk: Desk) -> list[BaseRoute]:
    """Returns the routes of this module."""

    def start(request: Request) -> Response:
        counts = desk.store.counts()
        shown = [(status, counts.get(status, 0)) for status in STATUSES]
        trouble = "" if desk.reader is None else desk.reader.problem
        return desk.page(
            "start.html", request, counts=shown, total=sum(counts.values()), trouble=trouble
        )

    async def sign_in(request: Request) -> Response:
        form = await read_form(request)
        desk.sign_in(request, checked_name(form.get("who", "")))
        return see_other("/")

    def picture(request: Request) -> Response:
        name = request.path_params["picture"]
        path = desk.store.pictures.path(name)
        if not _PICTURE_NAME.fullmatch(name) or not path.is_file():
            raise HTTPException(404, "expected a picture of the store, got none")
        content, kind = for_browser(path.read_bytes())
        return Response(content, media_type=kind, headers={"Cache-Control": _PICTURE_AGE})

    return [
        Route("/", start),
        Route("/who", sign_in, methods=["POST"]),
        Route("/pictures/{picture}", picture),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
