"""Where annotators agree and differ: disputed and flagged lines, and each line's own page."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from labeling import answers, history
from labeling.agreement import (
    ask_for_second,
    half_answered,
    pairs,
    second_percent,
    set_second_percent,
)
from labeling.answers import ConflictError, Seen
from labeling.bodies import Form, read_form
from labeling.desk import Desk, Nav, see_other
from labeling.items import DISPUTED, FLAGGED, UNREADABLE, Item
from labeling.marks import characters_of
from labeling.review import SHOWN, differences, next_of, some_of
from schema.errors import InputError

NAV: Nav = (("Review", "/review"),)

_REVIEWED = (DISPUTED, FLAGGED, UNREADABLE)
_MOST_ASKED = 100_000


def routes(desk: Desk) -> list[BaseRoute]:
    """Returns the routes of this module."""

    def review(request: Request) -> Response:
        status = request.query_params.get("status", DISPUTED)
        counts = desk.store.counts()
        return desk.page(
            "review.html",
            request,
            status_shown=status if status in _REVIEWED else DISPUTED,
            counts=[(each, counts.get(each, 0)) for each in _REVIEWED],
            items=some_of(desk.store, status if status in _REVIEWED else DISPUTED),
            most=SHOWN,
            pairs=pairs(desk.store),
            half=half_answered(desk.store),
            percent=second_percent(desk.store.reading()),
            asked=request.query_params.get("asked", ""),
        )

    async def ask(request: Request) -> Response:
        form = await read_form(request)
        if not desk.who(request):
            return see_other("/")
        count = form.number("count")
        if not 0 < count <= _MOST_ASKED:
            raise InputError(f"expected a number of lines from 1 to {_MOST_ASKED}, got {count}")
        asked = await run_in_threadpool(ask_for_second, desk.store, desk.who(request), count)
        return see_other(f"/review?asked={asked}")

    async def share(request: Request) -> Response:
        form = await read_form(request)
        if not desk.who(request):
            return see_other("/")
        await run_in_threadpool(set_second_percent, desk.store, form.number("percent"))
        return see_other("/review")

    def line(request: Request) -> Response:
        item = desk.store.item(request.path_params["line"])
        return _line_page(desk, request, item)

    async def decide(request: Request) -> Response:
        form = await read_form(request)
        if not desk.who(request):
            return see_other("/")
        return await run_in_threadpool(_decide, desk, request, form)

    return [
        Route("/review", review),
        Route("/review/second", ask, methods=["POST"]),
        Route("/review/share", share, methods=["POST"]),
        Route("/lines/{line:int}", line),
        Route("/lines/{line:int}", decide, methods=["POST"]),
    ]


def _decide(desk: Desk, request: Request, form: Form) -> Response:
    """Settles a line and goes on to the next one of its kind."""
    item = desk.store.item(request.path_params["line"])
    seen = Seen(item.id, form.number("revision"))
    text = None if form.get("action") == "unreadable" else form.get("text", "")
    try:
        answers.decide(desk.store, desk.asker(request), seen, text, desk.alphabet)
    except InputError as error:
        status = 409 if isinstance(error, ConflictError) else 422
        told = {"problem": str(error), "text": text or ""}
        return _line_page(desk, request, desk.store.item(item.id), status, **told)
    following = next_of(desk.store, item) if item.status in _REVIEWED else None
    return see_other(f"/lines/{item.id if following is None else following}")


def _line_page(
    desk: Desk, request: Request, item: Item, status: int = 200, **told: Any
) -> Response:
    given = answers.answers_of(desk.store, item.id)
    values = {
        "item": item,
        "characters": characters_of(item),
        "answers": given,
        "pieces": differences(given),
        "changes": history.of_item(desk.store.reading(), item.id),
        "text": item.text or next((text for text in given.values() if text), item.prefill),
        "alphabet": desk.alphabet.symbols,
        "problem": "",
    }
    return desk.page("line.html", request, status, **{**values, **told})
