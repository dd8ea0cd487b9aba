"""The pages to upload pages to and to mark their lines on."""

import json
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from labeling.bodies import file_name, read_upload
from labeling.desk import Desk, Nav
from labeling.exchange.regions import png_of
from labeling.page_lines.boxes import LineBox, parse_boxes
from labeling.page_lines.proposals import XML_BYTES, ask_model, read_xml
from labeling.page_lines.records import Page, PageRecords
from labeling.pictures import MAX_PIXELS
from pipeline.ingest.images import read_image

NAV: Nav = (("Pages", "/pages"),)

BOXES_BYTES = 2 * 2**20
_NOBODY = "page"  # in the history, where nobody has told their name


def routes(desk: Desk) -> list[BaseRoute]:
    """Returns the routes of this module."""
    pages = _Pages(desk)
    return [
        Route("/pages", pages.show_all),
        Route("/pages", pages.upload, methods=["POST"]),
        Route("/pages/{page:int}", pages.show),
        Route("/pages/{page:int}/lines", pages.save, methods=["POST"]),
        Route("/pages/{page:int}/reading", pages.read, methods=["POST"]),
        Route("/pages/{page:int}/layout", pages.take_layout, methods=["POST"]),
        Route("/pages/{page:int}/queue", pages.queue, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._records = PageRecords(desk.store)

    def show_all(self, request: Request) -> Response:
        return self._desk.page("pages.html", request, pages=self._records.all())

    def show(self, request: Request) -> Response:
        page = self._page(request)
        told = {"revision": page.revision, "size": page.size, "boxes": _told(page.boxes)}
        return self._desk.page(
            "page.html",
            request,
            page=page,
            told=told,
            server=self._desk.settings.server,
        )

    async def upload(self, request: Request) -> Response:
        content = await read_upload(request)
        page = await run_in_threadpool(self._records.add, content, file_name(request))
        return JSONResponse({"page": f"/pages/{page.id}"})

    async def save(self, request: Request) -> Response:
        told = _parse(await read_upload(request, BOXES_BYTES))
        return await run_in_threadpool(self._save, request, told)

    async def read(self, request: Request) -> Response:
        await read_upload(request, 0)
        return await run_in_threadpool(self._read, request)

    async def take_layout(self, request: Request) -> Response:
        content = await read_upload(request, XML_BYTES)
        page = await run_in_threadpool(self._page, request)
        boxes = await run_in_threadpool(read_xml, content, file_name(request), page.size)
        return JSONResponse({"boxes": _told(boxes)})

    async def queue(self, request: Request) -> Response:
        told = _parse(await read_upload(request, BOXES_BYTES))
        return await run_in_threadpool(self._queue, request, told)

    def _save(self, request: Request, told: dict[str, Any]) -> Response:
        page = self._records.save(*self._seen(request, told))
        return JSONResponse({"revision": page.revision})

    def _queue(self, request: Request, told: dict[str, Any]) -> Response:
        who = self._desk.who(request) or _NOBODY
        added = self._records.queue(*self._seen(request, told), who)
        return JSONResponse({"added": added})

    def _read(self, request: Request) -> Response:
        page = self._page(request)
        content = self._desk.store.pictures.path(page.picture).read_bytes()
        # As upright as the browser shows it, and in a format that servers take.
        upright = png_of(read_image(content, page.name, MAX_PIXELS))
        return JSONResponse({"boxes": _told(ask_model(self._desk.settings, upright, page.size))})

    def _seen(self, request: Request, told: dict[str, Any]) -> tuple[Page, list[LineBox]]:
        """Returns the page as the browser saw it, and what it is to hold."""
        page = self._page(request)
        boxes = parse_boxes(told.get("boxes"), page.size)
        revision = told.get("revision")
        if not isinstance(revision, int):
            raise HTTPException(400, "expected the revision that was shown, got none")
        return Page(**{**vars(page), "revision": revision}), boxes

    def _page(self, request: Request) -> Page:
        return self._records.page(request.path_params["page"])


def _told(boxes: Any) -> list[dict[str, Any]]:
    return [asdict(box) for box in boxes]


def _parse(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise HTTPException(400, "expected an object in JSON, got something else")
    return told
