"""Reads the bodies of requests: forms and uploads, limited, with the session's CSRF token checked.

An upload is the raw bytes of a file with its name in `X-File-Name`. Nothing of it is kept before
all of it is here.
"""

import hmac
from urllib.parse import parse_qsl, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request

from labeling.pictures import MAX_BYTES
from labeling.sessions import Sessions

MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 100
CSRF_FIELD, CSRF_HEADER, NAME_HEADER = "csrf", "x-csrf-token", "x-file-name"
_FORM_TYPE = "application/x-www-form-urlencoded"


class Form(dict[str, str]):
    """The fields of a form by name; of several of one name the last."""

    def number(self, name: str) -> int:
        """Returns a field that holds a whole number.

        Raises:
          HTTPException: 400, it does not.
        """
        try:
            return int(self.get(name, ""))
        except ValueError:
            raise HTTPException(
                400, f"expected a whole number as {name}, got {self.get(name, '')[:40]!r}"
            ) from None


async def read_form(request: Request) -> Form:
    """Returns the fields of a form that a page of this session sent.

    Raises:
      HTTPException: 400, 403, 413 or 415, it is something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM_TYPE:
        raise HTTPException(415, f"expected a form ({_FORM_TYPE}), got {kind[:60] or 'no type'}")
    body = await _read(request, MAX_FORM_BYTES)
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise HTTPException(400, f"expected a form in UTF-8, got {error}") from None
    form = Form(fields)
    _check_csrf(request, form.pop(CSRF_FIELD, ""))
    return form


async def read_upload(request: Request, limit: int = MAX_BYTES) -> bytes:
    """Returns the bytes of a file that a page of this session sent.

    Args:
      request: with `CSRF_HEADER`.
      limit: bytes.

    Raises:
      HTTPException: 400, 403 or 413, it is something else, too long or not whole.
    """
    _check_csrf(request, request.headers.get(CSRF_HEADER, ""))
    return await _read(request, limit)


def file_name(request: Request) -> str:
    """Returns the name of an uploaded file without folders; "" where none is told."""
    name = unquote(request.headers.get(NAME_HEADER, ""), errors="replace")
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[:100]


async def _read(request: Request, limit: int) -> bytes:
    """Returns a body; a client that leaves half-way raises starlette's ClientDisconnect."""
    told = request.headers.get("content-length", "0")
    content = bytearray()
    if told.isdecimal() and int(told) > limit:
        raise _too_long(limit)
    async for part in request.stream():
        content += part
        if len(content) > limit:
            raise _too_long(limit)
    return bytes(content)


def _too_long(limit: int) -> HTTPException:
    return HTTPException(413, f"expected at most {limit / 1024:,.0f} KiB, got more: send less")


def _check_csrf(request: Request, shown: str) -> None:
    sessions: Sessions = request.app.state.desk.sessions
    right = sessions.csrf(request.state.session)
    if not hmac.compare_digest(right.encode(), shown.encode()):
        raise HTTPException(
            403, "expected a form of this site and session, got another: load the page anew"
        )
