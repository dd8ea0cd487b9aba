"""The page on which lines are labelled, one after the other, by keyboard."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from labeling import answers
from labeling.answers import ConflictError, Seen
from labeling.bodies import Form, read_form
from labeling.desk import Desk, Nav, see_other
from labeling.items import WAITING, Item
from labeling.marks import characters_of
from labeling.queue import SKIPPED_BY_ASKER, Asker, peek_next, reasons, skipped, take, take_next
from schema.errors import InputError

NAV: Nav = (("Label", "/label"),)

PATH = "/label"

Act = Callable[[Desk, Asker, Seen, Form], object]

_ACTIONS: dict[str, Act] = {
    "save": lambda desk, asker, seen, form: answers.label(
        desk.store, asker, seen, form.get("text", ""), desk.alphabet
    ),
    "unreadable": lambda desk, asker, seen, form: answers.mark_unreadable(desk.store, asker, seen),
    "skip": lambda desk, asker, seen, form: answers.skip(desk.store, asker, seen),
    "flag": lambda desk, asker, seen, form: answers.flag(
        desk.store, asker, seen, form.get("note", "").strip()
    ),
}


def routes(desk: Desk) -> list[BaseRoute]:
    """Returns the routes of this module."""

    def show(request: Request) -> Response:
        if not desk.who(request):
            return see_other("/")
        asker, why = desk.asker(request), request.query_params.get("why", "")
        wanted = request.query_params.get("line", "")
        if wanted.isdecimal():
            item = desk.store.item(int(wanted))
            if item.status != WAITING:
                return see_other(f"/lines/{item.id}")
            take(desk.store, asker, item.id)
            return _page(desk, request, item, why)
        return _page(desk, request, take_next(desk.store, asker, why), why)

    async def act(request: Request) -> Response:
        form = await read_form(request)
        if not desk.who(request):
            return see_other("/")
        return await run_in_threadpool(_act, desk, request, form)

    return [Route(PATH, show), Route(PATH, act, methods=["POST"])]


def _act(desk: Desk, request: Request, form: Form) -> Response:
    """Does what a button says and sends the browser on to the next line."""
    asker, why = desk.asker(request), form.get("why", "")
    if form.get("action") == "undo":
        item = answers.undo(desk.store, asker)
        return see_other(_address(why, item))
    action = _ACTIONS.get(form.get("action", "save"))
    if action is None:
        raise HTTPException(400, f"expected one of {', '.join(_ACTIONS)} as the action")
    seen = Seen(form.number("line"), form.number("revision"))
    try:
        action(desk, asker, seen, form)
    except ConflictError as error:
        # What was typed stays in sight, and the next line comes.
        told = {"problem": str(error), "lost": form.get("text", ""), "lost_line": seen.item}
        return _page(desk, request, take_next(desk.store, asker, why), why, 409, **told)
    except InputError as error:
        item = desk.store.item(seen.item)
        typed = {"text": form.get("text", ""), "note": form.get("note", "")}
        return _page(desk, request, item, why, 422, problem=str(error), **typed)
    return see_other(_address(why))


def _address(why: str, item: Item | None = None) -> str:
    query = {"why": why} if why else {}
    if item is not None:
        query["line"] = str(item.id)
    return f"{PATH}?{urlencode(query)}" if query else PATH


def _choices(desk: Desk, asker: Asker) -> dict[str, int]:
    """Returns which of the lines that wait may be asked for alone, and how many they are."""
    found = {**reasons(desk.store), SKIPPED_BY_ASKER: skipped(desk.store, asker.who)}
    return {reason: count for reason, count in found.items() if reason and count}


def _page(
    desk: Desk, request: Request, item: Item | None, why: str, status: int = 200, **told: Any
) -> Response:
    """Returns the page of a line, or the one that says that all is done."""
    asker, store = desk.asker(request), desk.store
    values: dict[str, Any] = {
        "item": item,
        "why": why,
        "reasons": _choices(desk, asker),
        "waiting": store.counts().get(WAITING, 0),
        "last": answers.last_deed(store, asker.who),
        "problem": "",
        "lost": "",
        "note": "",
    }
    if item is not None:
        following = peek_next(store, asker, item.id, why)
        values |= {
            "characters": characters_of(item),
            "text": answers.last_text(store, item.id, asker.who) or item.prefill,
            "alphabet": desk.alphabet.symbols,
            "next_picture": "" if following is None else following.picture,
        }
    return desk.page("label.html", request, status, **{**values, **told})
