"""Who sits before a browser: a signed cookie with a random session and the annotator's name.

Names are taken on trust: the application tells annotators apart, it does not prove who they are.
What keeps strangers out is the token (`guard.py`).
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from schema.errors import InputError

NAME_LENGTH = 40


@dataclass(frozen=True)
class Session:
    """A browser.

    Args:
      id: random.
      who: the annotator, "" before they have said.
      token: the application's token as the browser has shown it, "" where it has not.
    """

    id: str
    who: str = ""
    token: str = ""


class Sessions:
    """Signs and reads cookies.

    Args:
      secret: of the store.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        # Browsers send cookies to every port of a machine: each store has a name of its own.
        self.cookie = f"labeling_{hashlib.sha256(self._secret).hexdigest()[:12]}"

    def start(self) -> Session:
        """Returns a new session."""
        return Session(secrets.token_urlsafe(18))

    def write(self, session: Session) -> str:
        """Returns the cookie of a session."""
        told = json.dumps([session.id, session.who, session.token]).encode()
        content = base64.urlsafe_b64encode(told).decode()
        return f"{content}.{self._sign(content)}"

    def read(self, cookie: str) -> Session | None:
        """Returns the session of a cookie; None where it is not one of ours."""
        content, _, signature = cookie.partition(".")
        if not hmac.compare_digest(self._sign(content).encode(), signature.encode()):
            return None
        try:
            return Session(*json.loads(base64.urlsafe_b64decode(content)))
        except (binascii.Error, ValueError, TypeError):
            return None

    def csrf(self, session: Session) -> str:
        """Returns what forms of this session must bring along."""
        return self._sign(f"csrf {session.id}")

    def _sign(self, words: str) -> str:
        return hmac.new(self._secret, words.encode(), hashlib.sha256).hexdigest()


def checked_name(name: str) -> str:
    """Returns an annotator's name with single spaces.

    Raises:
      InputError: it is empty, too long, or has characters that do not show.
    """
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= NAME_LENGTH or not cleaned.isprintable():
        raise InputError(
            f"expected a name or initials of 1 to {NAME_LENGTH} characters, got {len(cleaned)}: "
            "give a short one"
        )
    return cleaned
