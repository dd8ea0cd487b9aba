"""Stands before the application: hosts, token, requests from other sites, security headers.

An ASGI middleware. It puts the browser's `Session` into `request.state.session`, whose changes it
sends back as a cookie.
"""

import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labeling.sessions import Session, Sessions
from labeling.settings import LOOPBACK_NAMES, Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TOKEN_PARAMETER = "token"
_YEAR = 365 * 24 * 3600


class Guard:
    """Lets through what may pass.

    Args:
      app: behind it.
      sessions: reads and writes cookies.
      settings: of the application.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, settings: Settings) -> None:
        self._app = app
        self._sessions = sessions
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        told = self._cookie(request)
        session = self._sessions.read(told) or self._sessions.start()
        request.state.session = session
        refusal = self._refuse(request, session)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), request.state.session, told)
            await send(message)

        await (refusal or self._app)(scope, receive, send_guarded)

    def _refuse(self, request: Request, session: Session) -> Response | None:
        """Returns the answer to what may not pass."""
        host = request.headers.get("host", "")
        # A name that leads to loopback by somebody else's DNS would make their page same-origin.
        if not self._settings.token and _name(host) not in (*LOOPBACK_NAMES, self._settings.host):
            return PlainTextResponse(
                f"expected to be asked as {LOOPBACK_NAMES[0]}, got another host name", 421
            )
        if request.method not in SAFE_METHODS and not _same_origin(request, host):
            return PlainTextResponse("expected a request of this site, got one of another", 403)
        return self._refuse_stranger(request, session) if self._settings.token else None

    def _refuse_stranger(self, request: Request, session: Session) -> Response | None:
        shown = request.query_params.get(_TOKEN_PARAMETER)
        if shown is not None and request.method == "GET" and self._is_token(shown):
            request.state.session = Session(session.id, session.who, shown)
            # Away with the token from the address bar, the history and the referrer.
            rest = request.url.remove_query_params(_TOKEN_PARAMETER)
            return RedirectResponse(f"{rest.path}?{rest.query}" if rest.query else rest.path, 303)
        if self._is_token(session.token):
            return None
        return PlainTextResponse(
            "expected the token, got none or a wrong one: open the whole address that the "
            "labelling application has told",
            401,
        )

    def _is_token(self, shown: str) -> bool:
        return hmac.compare_digest(shown.encode(), self._settings.token.encode())

    def _cookie(self, request: Request) -> str:
        return request.cookies.get(self._sessions.cookie, "")

    def _dress(self, headers: MutableHeaders, session: Session, told: str) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if (cookie := self._sessions.write(session)) != told:
            headers.append("Set-Cookie", _set_cookie(self._sessions.cookie, cookie))


def _set_cookie(name: str, value: str) -> str:
    return f"{name}={value}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax"


def _name(host: str) -> str:
    """Returns the name of a Host header without the port."""
    return urlsplit(f"//{host}").hostname or ""


def _same_origin(request: Request, host: str) -> bool:
    """Tells whether a browser says that its own page of this site asks; other programs pass.

    Forms and scripts bring the session's CSRF token besides (`bodies.py`).
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origins: Sequence[str] = request.headers.getlist("origin")
    return all(urlsplit(origin).netloc == host for origin in origins)
