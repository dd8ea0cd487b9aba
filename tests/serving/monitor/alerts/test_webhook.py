import dataclasses
import socket

import pytest

from schema.errors import InputError
from serving.monitor.alerts.message import ALARM, KINDS, Message, message_from_json, new_message
from serving.monitor.alerts.receivers import DeliveryError
from serving.monitor.alerts.webhook import GENERIC, SLACK, Webhook, slack_form
from tests.serving.monitor.verdicts import DAY, alarm, finding, verdict


def message(kind=ALARM, told=None, report="https://host/report.html") -> Message:
    return new_message(kind, DAY, DAY, told or alarm(), report)


def test_the_generic_form_tells_all(hook):
    sent = message()
    Webhook(hook.url).send(sent)
    [body] = hook.bodies
    assert message_from_json(body) == sent
    assert body["event"] == "alarm"
    assert body["title"] == "Drift: lines, version 7"
    assert "mean brightness" in body["summary"]
    assert body["verdict"]["findings"][0]["measured"] == 0.31
    assert hook.keys == [sent.id]


def test_the_slack_form_is_slacks(hook):
    Webhook(hook.url, SLACK).send(message())
    [body] = hook.bodies
    assert set(body) == {"text", "blocks"}
    assert [block["type"] for block in body["blocks"]] == ["header", *["section"] * 3]
    assert "brightness_mean is far off." in body["blocks"][2]["text"]["text"]
    assert "https://host/report.html" in body["blocks"][3]["text"]["text"]


def test_slack_gets_no_markup_and_nothing_too_long():
    hostile = [finding(message=f"<!channel> & {'x' * 400}") for _ in range(20)]
    body = slack_form(message(told=verdict(*hostile, model="m" * 300)))
    assert "&lt;!channel&gt; &amp;" in body["blocks"][2]["text"]["text"]
    assert len(body["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"])


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_words(kind):
    told = message(kind)
    assert told.head
    assert slack_form(told)["text"]
    assert message_from_json(told.to_json()) == told


def test_a_status_of_refusal_is_told_on_one_line(hook):
    hook.statuses = [503]
    with pytest.raises(DeliveryError, match="status 503: so it is"):
        Webhook(hook.url).send(message())


def test_a_redirect_is_not_delivered(hook):
    hook.statuses = [302]
    with pytest.raises(DeliveryError, match="status 302"):
        Webhook(hook.url).send(message())


def test_nobody_there_is_told_without_the_secret_address():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    webhook = Webhook(f"http://127.0.0.1:{port}/services/SECRET")
    with pytest.raises(DeliveryError, match="ConnectError") as raised:
        webhook.send(message())
    assert "SECRET" not in str(raised.value) + webhook.name


def test_a_silent_receiver_costs_its_time_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(DeliveryError, match="ReadTimeout"):
            Webhook(f"http://127.0.0.1:{port}/", seconds=0.1).send(message())


@pytest.mark.parametrize(
    "url", ["", "host/path", "ftp://host/", "http://", "http://[x", "https:/a"]
)
def test_no_address_is_told(url):
    with pytest.raises(InputError, match="give it whole"):
        Webhook(url, GENERIC)


def test_receivers_are_told_apart():
    assert Webhook("https://host/a").name != Webhook("https://host/b").name
    assert Webhook("https://host/a").name == Webhook("https://host/a").name


def test_numbers_that_json_lacks_are_left_out():
    odd = dataclasses.replace(finding(), measured=float("nan"), threshold=float("inf"))
    told = message(told=verdict(odd)).to_json()["verdict"]["findings"][0]
    assert told["measured"] is None
    assert told["threshold"] is None
