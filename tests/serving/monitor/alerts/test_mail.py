import email
import socket

import pytest

from schema.errors import InputError
from serving.monitor.alerts.mail import Mail
from serving.monitor.alerts.message import ALARM, new_message
from serving.monitor.alerts.receivers import DeliveryError
from tests.serving.monitor.verdicts import DAY, alarm, verdict

FROM, TO = "monitor@example.org", "kim@example.org"


def message(told=None):
    return new_message(ALARM, DAY, DAY, told or alarm(), "/reports/now.html")


def test_a_mail_arrives(mail_server):
    sent = message()
    Mail(mail_server.url, FROM, [TO, "lee@example.org"]).send(sent)
    [raw] = mail_server.mails
    mail = email.message_from_string(raw)
    assert mail["Subject"] == "Drift: lines, version 7"
    assert mail["To"] == f"{TO}, lee@example.org"
    assert mail["Message-ID"] == f"<{sent.id}@example.org>"
    body = mail.get_payload(decode=True).decode()
    assert "- brightness_mean is far off." in body
    assert "Report: /reports/now.html" in body


def test_a_name_with_a_line_end_makes_no_header(mail_server):
    Mail(mail_server.url, FROM, [TO]).send(message(verdict(model="a\r\nBcc: eve@example.org")))
    assert email.message_from_string(mail_server.mails[0])["Bcc"] is None


@pytest.mark.parametrize("refused", [{TO}, {TO, "lee@example.org"}])
def test_refused_recipients_are_told(mail_server, refused):
    mail_server.refused = refused
    with pytest.raises(DeliveryError, match=r"kim@example\.org"):
        Mail(mail_server.url, FROM, [TO, "lee@example.org"]).send(message())


def test_a_password_never_goes_in_the_clear(mail_server):
    server = mail_server.url.replace("smtp://", "smtp://kim@")
    with pytest.raises(DeliveryError, match="no TLS offered"):
        Mail(server, FROM, [TO], password="secret").send(message())


def test_nobody_there_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DeliveryError, match="ConnectionRefusedError"):
        Mail(f"smtp://127.0.0.1:{port}", FROM, [TO]).send(message())


def test_tls_with_whom_nobody_vouches_for_is_refused(mail_server):
    with pytest.raises(DeliveryError, match="SSL"):
        Mail(mail_server.url.replace("smtp", "smtps"), FROM, [TO]).send(message())


@pytest.mark.parametrize(
    ("server", "sender", "to", "password", "named"),
    [
        ("host", FROM, [TO], "", "smtp://"),
        ("http://host", FROM, [TO], "", "smtp://"),
        ("smtp://", FROM, [TO], "", "smtp://"),
        ("smtp://host:x", FROM, [TO], "", "smtp://"),
        ("smtp://a:secret@host", FROM, [TO], "x", "without a password"),
        ("smtp://host", "me", [TO], "", "'me'"),
        ("smtp://host", FROM, ["a b@c"], "", "'a b@c'"),
        ("smtp://host", FROM, [], "", "--mail-to"),
        ("smtp://kim@host", FROM, [TO], "", "MONITOR_SMTP_PASSWORD"),
        ("smtp://host", FROM, [TO], "x", "MONITOR_SMTP_PASSWORD"),
    ],
)
def test_what_is_wrong_is_told(server, sender, to, password, named):
    with pytest.raises(InputError, match=named) as raised:
        Mail(server, sender, to, password)
    assert "secret" not in str(raised.value)
