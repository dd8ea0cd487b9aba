"""Alerts by HTTP: as plain JSON, or in the form that Slack and those after its pattern take."""

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from schema.errors import InputError
from serving.monitor.alerts.message import ALARM, RESOLVED, STILL, TEST, Message
from serving.monitor.alerts.receivers import DeliveryError

GENERIC, SLACK = "webhook", "slack"
"""The two forms."""

SECONDS = 10.0
"""How long a receiver has to answer."""

# Slack refuses longer ones: https://docs.slack.dev/reference/block-kit/blocks
_HEADER_LIMIT, _SECTION_LIMIT = 150, 3000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SIGNS = {
    ALARM: ":rotating_light:",
    STILL: ":rotating_light:",
    RESOLVED: ":white_check_mark:",
    TEST: ":bell:",
}


class Webhook:
    """Posts messages to an address.

    Args:
      url: http or https; that of a Slack webhook is a secret, so only its host is ever told.
      form: `GENERIC` or `SLACK`.
      seconds: to wait for the connection and for each part of the answer.

    Raises:
      InputError: the address is none.
    """

    def __init__(self, url: str, form: str = GENERIC, seconds: float = SECONDS) -> None:
        parts = _split(url)
        if parts is None:
            raise InputError(
                f"expected the address of a {form}, such as https://HOST/PATH, got one that begins "
                f"with {url[:8]!r}: give it whole"
            )
        self._url, self._form, self._seconds = url, form, seconds
        self._by_proxy = parts.hostname not in _LOOPBACK
        digest = hashlib.sha256(url.encode()).hexdigest()[:8]
        self.name = f"{form} {parts.hostname} {digest}"

    def send(self, message: Message) -> None:
        """Posts a message; any status of 200 to 299 is taken for delivered.

        Raises:
          DeliveryError: nobody answered, or not with such a status.
        """
        import httpx

        try:
            answer = httpx.post(
                self._url,
                json=_FORMS[self._form](message),
                headers={"Idempotency-Key": message.id},
                timeout=self._seconds,
                trust_env=self._by_proxy,  # where the environment names one
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # Its text may hold the address; the kind of error tells what to look for.
            raise DeliveryError(f"{type(error).__name__}: no answer") from None
        if not answer.is_success:
            said = " ".join(answer.text.split())[:200]
            raise DeliveryError(f"status {answer.status_code}" + (f": {said}" if said else ""))


def slack_form(message: Message) -> dict[str, Any]:
    """Returns a message in blocks, and as text for notifications and for Slack's likes."""
    told = "\n".join(f"• {_escape(detail)}" for detail in message.details)
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": _cut(message.head, _HEADER_LIMIT)},
        },
        _section(_escape(message.summary)),
    ]
    if told:
        blocks.append(_section(told))
    if message.report:
        blocks.append(_section(f"Report: {_escape(message.report)}"))
    text = f"{_SIGNS[message.kind]} {_escape(message.head)}\n{_escape(message.summary)}"
    return {"text": text, "blocks": blocks}


def _split(url: str) -> SplitResult | None:
    """Returns the parts of an address with a host, or None."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, _SECTION_LIMIT)}}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escape(text: str) -> str:
    """Escapes the three characters that Slack gives a meaning of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_FORMS: dict[str, Callable[[Message], dict[str, Any]]] = {
    GENERIC: Message.to_json,
    SLACK: slack_form,
}
