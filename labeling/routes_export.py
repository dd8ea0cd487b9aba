"""The page that makes spans of what is accepted."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from labeling.bodies import read_form
from labeling.desk import Desk, Nav, see_other
from labeling.export_span import count_new, spans_of
from labeling.exporter import Exporter
from labeling.retraining import retrain_command

NAV: Nav = (("Export", "/export"),)


def routes(desk: Desk) -> list[BaseRoute]:
    """Returns the routes of this module."""
    exporter = Exporter(desk.store, desk.settings.spans)

    def show(request: Request) -> Response:
        return desk.page(
            "export.html",
            request,
            new=count_new(desk.store),
            spans=spans_of(desk.store),
            root=desk.settings.spans,
            retrain=retrain_command(desk.settings),
            progress=exporter.progress,
        )

    async def start(request: Request) -> Response:
        form = await read_form(request)
        number = form.number("span") if form.get("span") else None
        if not desk.who(request):
            return see_other("/")
        await run_in_threadpool(exporter.start, desk.who(request), number)
        return see_other("/export")

    return [Route("/export", show), Route("/export", start, methods=["POST"])]
