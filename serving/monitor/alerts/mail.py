"""Alerts by mail."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from schema.errors import InputError
from serving.monitor.alerts.message import Message
from serving.monitor.alerts.receivers import DeliveryError

SECONDS = 20.0
_PLAIN, _TLS = "smtp", "smtps"
_PORTS = {_PLAIN: 25, _TLS: 465}


class Mail:
    """Sends messages through a mail server.

    Args:
      server: `smtp://[USER@]HOST[:PORT]`, which turns to TLS where the server offers it, or
        `smtps://...` for TLS from the start. A user and password go over TLS only.
      sender, recipients: addresses.
      password: of the user in `server`.
      seconds: to wait for each answer.

    Raises:
      InputError: an address is none, or there is a user without a password.
    """

    def __init__(
        self,
        server: str,
        sender: str,
        recipients: Sequence[str],
        password: str = "",
        seconds: float = SECONDS,
    ) -> None:
        self._scheme, self._user, self._host, self._port = _read_server(server)
        for address in (sender, *recipients):
            _check_address(address)
        if not recipients:
            raise InputError("expected whom to mail, got nobody: give --mail-to ADDRESS")
        if bool(self._user) != bool(password):
            raise InputError(
                "expected a user in --smtp together with a password, got only one of them: set "
                "MONITOR_SMTP_PASSWORD for smtp://USER@HOST, or leave both out"
            )
        self._sender, self._recipients = sender, tuple(recipients)
        self._password, self._seconds = password, seconds
        self.name = f"mail {self._host} {','.join(recipients)}"

    def send(self, message: Message) -> None:
        """Mails a message to all recipients.

        Raises:
          DeliveryError: the server did not take it for each of them.
        """
        try:
            with self._connect() as server:
                refused = server.send_message(self._compose(message))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryError(_one_line(error)) from None
        if refused:
            raise DeliveryError(f"refused for {', '.join(sorted(refused))}")

    def _connect(self) -> smtplib.SMTP:
        """Returns a session: over TLS where it can be, with the user where there is one."""
        context = ssl.create_default_context()
        if self._scheme == _TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._seconds, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._seconds)
        try:
            if self._scheme == _PLAIN:
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls(context=context)
                elif self._user:
                    raise DeliveryError(
                        "no TLS offered, so the password was not sent: use smtps://"
                    )
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _compose(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(message.head.split())
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._recipients)
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        parts = [message.summary, *(f"- {detail}" for detail in message.details)]
        if message.report:
            parts.append(f"\nReport: {message.report}")
        mail.set_content("\n".join(parts) + "\n")
        return mail


def _read_server(server: str) -> tuple[str, str, str, int]:
    """Returns scheme, user, host and port."""
    try:
        parts = urlsplit(server)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.password is not None:
        raise InputError(
            "expected a mail server as smtp://[USER@]HOST[:PORT] or smtps://..., without a "
            f"password, got one that begins with {server[:8]!r}: write it so"
        )
    return parts.scheme, unquote(parts.username or ""), parts.hostname, port or _PORTS[parts.scheme]


def _check_address(address: str) -> None:
    name, at, host = address.partition("@")
    if not (name and at and host) or any(each.isspace() or each in "<>," for each in address):
        raise InputError(f"expected a mail address such as NAME@HOST, got {address!r}: mend it")


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
