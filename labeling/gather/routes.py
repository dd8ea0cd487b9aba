"""The pages that people write on: consent, the area to write on, sheets and their photographs."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from labeling.bodies import file_name, read_form, read_upload
from labeling.desk import Desk, Nav, see_other
from labeling.gather.consent import load_consent
from labeling.gather.gathering import Gathering
from labeling.gather.sheet_layout import name_of
from serving.try_page import find_file

NAV: Nav = (("Write", "/gather"),)

DRAWING_BYTES = 2 * 2**20
_YEAR = 365 * 24 * 3600


def routes(desk: Desk) -> list[BaseRoute]:
    """Returns the routes of this module."""
    pages = _Pages(desk)
    return [
        Route("/gather", pages.show),
        Route("/gather/writer", pages.agree, methods=["POST"]),
        Route("/gather/leave", pages.leave, methods=["POST"]),
        Route("/gather/lines/{prompt:int}", pages.take_line, methods=["POST"]),
        Route("/gather/skips/{prompt:int}", pages.skip, methods=["POST"]),
        Route("/gather/sheets", pages.make_sheet, methods=["POST"]),
        Route("/gather/sheets/{number:int}.pdf", pages.sheet),
        Route("/gather/photos", pages.take_photo, methods=["POST"]),
        Route("/gather/pad.js", _pad),
    ]


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._consent = load_consent(desk.settings.consent)
        self._gathering = Gathering(desk.store, desk.settings)
        # Cookies know no ports: another store on this machine has another name.
        self._cookie = f"{desk.sessions.cookie}_writer"

    def show(self, request: Request) -> Response:
        writer = self._writer(request)
        if not writer:
            return self._desk.page("consent.html", request, consent=self._consent)
        return self._desk.page(
            "gather.html",
            request,
            writer=writer,
            prompt=self._gathering.next_prompt(writer),
            count=self._gathering.records.count(writer),
            worst=self._gathering.worst(),
        )

    async def agree(self, request: Request) -> Response:
        form = await read_form(request)
        if form.get("version") != self._consent.version or form.get("agree") != "yes":
            raise HTTPException(
                422, "expected agreement to the text that is shown, got none: tick the box"
            )
        writer = await run_in_threadpool(self._gathering.records.agree, self._consent)
        answer = see_other("/gather")
        answer.set_cookie(self._cookie, writer, max_age=_YEAR, httponly=True, samesite="lax")
        return answer

    async def leave(self, request: Request) -> Response:
        await read_form(request)
        answer = see_other("/gather")
        answer.delete_cookie(self._cookie)
        return answer

    async def take_line(self, request: Request) -> Response:
        content = await read_upload(request, DRAWING_BYTES)
        return await run_in_threadpool(self._take_line, request, content)

    async def skip(self, request: Request) -> Response:
        await read_form(request)
        return await run_in_threadpool(self._skip, request)

    async def make_sheet(self, request: Request) -> Response:
        await read_form(request)
        writer = await run_in_threadpool(self._known_writer, request)
        number = await run_in_threadpool(self._gathering.make_sheet, writer)
        return see_other(f"/gather/sheets/{number}.pdf")

    def sheet(self, request: Request) -> Response:
        number = request.path_params["number"]
        content = self._gathering.print_sheet(number)
        named = f'inline; filename="sheet-{name_of(number)}.pdf"'
        return Response(content, 200, {"Content-Disposition": named}, "application/pdf")

    async def take_photo(self, request: Request) -> Response:
        content = await read_upload(request)
        taken = await run_in_threadpool(self._gathering.take_photo, content, file_name(request))
        lines = [{"text": line.text, "written": line.written} for line in taken.lines]
        return JSONResponse({"sheet": name_of(taken.number), "added": taken.added, "lines": lines})

    def _take_line(self, request: Request, content: bytes) -> Response:
        writer = self._known_writer(request)
        self._gathering.take_drawn(request.path_params["prompt"], writer, content)
        return self._tell_next(writer)

    def _skip(self, request: Request) -> Response:
        writer = self._known_writer(request)
        self._gathering.skip(request.path_params["prompt"], writer)
        return self._tell_next(writer)

    def _tell_next(self, writer: str) -> Response:
        prompt = self._gathering.next_prompt(writer)
        count = self._gathering.records.count(writer)
        return JSONResponse({"id": prompt.id, "text": prompt.text, "count": count})

    def _writer(self, request: Request) -> str:
        """Returns who writes, "" for somebody who has not agreed to this consent."""
        writer = request.cookies.get(self._cookie, "")
        return writer if self._gathering.records.knows(writer, self._consent) else ""

    def _known_writer(self, request: Request) -> str:
        writer = self._writer(request)
        if not writer:
            raise HTTPException(
                403, "expected a writer who has agreed to the text, got nobody: load the page anew"
            )
        return writer


def _pad(request: Request) -> Response:
    """Gives out the area to write on, which the page to try a model on has too."""
    file = find_file("/pad.js")
    if file is None:
        raise HTTPException(404, "expected pad.js in serving/try_page, got none")
    return Response(file.content, media_type=file.content_type)
