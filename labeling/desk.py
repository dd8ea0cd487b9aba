"""What every route works with: the store, the settings, and pages made of templates."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from labeling.queue import Asker
from labeling.reader import Reader
from labeling.sessions import Session, Sessions
from labeling.settings import Settings
from labeling.store import Store
from schema.alphabet import Alphabet
from serving.html_page.page import make_environment

Nav = Sequence[tuple[str, str]]
"""Title and path of pages that the head of every page leads to."""


class Desk:
    """Handed to the `routes` of each module of `route_modules.ROUTE_MODULES`.

    Args:
      store: of lines and labels.
      settings: of the application.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.reader = Reader(store, settings.server, settings.model) if settings.server else None
        self.settings = settings
        self.sessions = Sessions(store.secret())
        self.nav: list[tuple[str, str]] = []
        self._templates = make_environment("labeling", {"share": _share})

    @property
    def alphabet(self) -> Alphabet:
        """Of labels."""
        return self.settings.alphabet

    def who(self, request: Request) -> str:
        """Returns the annotator's name, "" before they have given it."""
        session: Session = request.state.session
        return session.who

    def asker(self, request: Request) -> Asker:
        """Returns who asks, for the queue."""
        session: Session = request.state.session
        return Asker(session.who, session.id)

    def sign_in(self, request: Request, who: str) -> None:
        """Gives the session another annotator."""
        request.state.session = replace(request.state.session, who=who)

    def page(
        self, template: str, request: Request, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Returns a page.

        Args:
          template: in `templates/`; extends `base.html`.
          request: that it answers.
          status: of the answer.
          values: for the template, besides who, nav, path, csrf_token and csrf().
        """
        token = self.sessions.csrf(request.state.session)
        given = {
            "who": self.who(request),
            "nav": self.nav,
            "path": request.url.path,
            "csrf_token": token,
            "csrf": lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(token),
        }
        content = self._templates.get_template(template).render(given | values)
        return HTMLResponse(content, status)


def see_other(path: str) -> Response:
    """Sends the browser on to a page after a form."""
    return RedirectResponse(path, 303)


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"
