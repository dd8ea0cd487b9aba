from datetime import timedelta

import pytest

from serving.monitor.alerts import outbox
from serving.monitor.alerts.episodes import JudgedWindow
from serving.monitor.alerts.ledger import load_ledger
from serving.monitor.alerts.receivers import DeliveryError
from serving.monitor.alerts.teller import HASTY, Alerting, tell, try_receivers
from serving.monitor.alerts.webhook import Webhook
from tests.serving.monitor.verdicts import DAY, alarm, fine

HOUR = timedelta(hours=1)


class Receiver:
    """Keeps what it takes; refuses for the first `dead` attempts."""

    def __init__(self, name="one", dead=0):
        self.name, self.dead, self.taken = name, dead, []

    def send(self, message):
        if self.dead > 0:
            self.dead -= 1
            raise DeliveryError("status 500")
        self.taken.append(message)

    @property
    def kinds(self):
        return [message.kind for message in self.taken]


class Dying(Receiver):
    def send(self, message):
        super().send(message)
        raise KeyboardInterrupt  # the process ends between sending and taking note


def day(number, told):
    return JudgedWindow(DAY + timedelta(days=number), told)


@pytest.fixture
def alerting(tmp_path):
    def make(*receivers, **options):
        return Alerting(receivers, tmp_path / "state.json", **({"pauses": HASTY} | options))

    return make


def test_from_drift_to_resolved(alerting, hook):
    setting = alerting(Webhook(hook.url), report="report.html")
    assert tell([day(0, fine())], setting, DAY + 18 * HOUR).messages == ()
    for hours, told in ((42, day(1, alarm(day=1))), (66, day(2, fine(day=2)))):
        assert tell([told], setting, DAY + hours * HOUR).problems == ()
    assert [body["event"] for body in hook.bodies] == ["alarm", "resolved"]
    assert {body["since"] for body in hook.bodies} == {(DAY + timedelta(days=1)).isoformat()}
    assert hook.bodies[0]["report"] == "report.html"


def test_windows_are_taken_in_order_of_time(alerting):
    receiver = Receiver()
    tell([day(1, fine(day=1)), day(0, alarm())], alerting(receiver), DAY)
    tell([day(1, fine(day=1)), day(0, alarm())], alerting(receiver), DAY + 7 * HOUR)
    assert receiver.kinds == ["alarm", "resolved"]


def test_versions_are_told_apart(alerting):
    receiver = Receiver()
    tell(
        [day(0, alarm()), day(0, fine(version=8)), day(0, alarm(version=None))], alerting(receiver)
    )
    assert {message.verdict.version for message in receiver.taken} == {7, None}


def test_a_dead_receiver_keeps_nobody_from_being_told_and_gets_it_later(alerting):
    dead, alive = Receiver("dead", dead=2), Receiver("alive")
    setting = alerting(dead, alive)
    told = tell([day(0, alarm())], setting, DAY)
    assert alive.kinds == ["alarm"]
    assert told.problems == (
        "1 alert(s) not taken by dead (status 500): kept, and tried again at the next check",
    )
    # Too early: it is not asked, and still told of.
    assert len(tell([], setting, DAY + timedelta(seconds=5)).problems) == 1
    assert dead.dead == 1
    assert len(tell([], setting, DAY + timedelta(seconds=11)).problems) == 1
    assert tell([], setting, DAY + timedelta(seconds=40)).problems == ()
    assert dead.kinds == ["alarm"]
    assert alive.kinds == ["alarm"]
    box = load_ledger(setting.state).mailboxes["dead"]
    assert (box.delivered, box.failed, box.attempts) == (1, 2, 0)


def test_pauses_try_again_within_the_turn(alerting):
    receiver = Receiver(dead=2)
    assert tell([day(0, alarm())], alerting(receiver, pauses=(0, 0)), DAY).problems == ()
    assert receiver.kinds == ["alarm"]


def test_a_kill_after_sending_sends_twice_with_one_id(alerting):
    dying, back = Dying(), Receiver()
    with pytest.raises(KeyboardInterrupt):
        tell([day(0, alarm())], alerting(dying), DAY)
    tell([day(0, alarm())], alerting(back), DAY + HOUR)
    assert [each.id for each in back.taken] == [each.id for each in dying.taken]


def test_too_many_waiting_are_dropped_and_counted(alerting, monkeypatch):
    monkeypatch.setattr(outbox, "MOST_WAITING", 2)
    dead = Receiver(dead=99)
    for number in range(4):
        setting = alerting(dead, cool_down=timedelta(0))
        told = tell([day(number, alarm(day=number))], setting, DAY + number * 24 * HOUR)
    box = told.mailboxes["one"]
    assert (len(box.waiting), box.dropped) == (2, 2)
    assert [message.verdict for message in box.waiting] == [alarm(day=2), alarm(day=3)]


def test_the_wait_for_a_dead_receiver_is_bounded(alerting):
    dead = Receiver(dead=10**6)
    now = DAY
    tell([day(0, alarm())], alerting(dead), now)
    for _ in range(40):
        box = load_ledger(alerting().state).mailboxes["one"]
        assert timedelta(0) < box.retry_at - now <= timedelta(minutes=10)
        now = box.retry_at
        tell([], alerting(dead), now)


def test_alerts_for_a_receiver_that_was_taken_out_are_told(alerting):
    tell([day(0, alarm())], alerting(Receiver("old", dead=9)), DAY)
    told = tell([], alerting(Receiver("new")), DAY)
    assert "1 alert(s) wait for old, which is not given any more" in told.problems[0]


def test_without_receivers_the_state_is_kept(alerting):
    tell([day(0, alarm())], alerting(), DAY)
    late = Receiver()
    tell([day(0, alarm())], alerting(late), DAY + 7 * HOUR)
    assert late.kinds == ["still"]


def test_receivers_can_be_tried(alerting, hook):
    assert try_receivers(alerting(Webhook(hook.url))).problems == ()
    assert hook.bodies[0]["event"] == "test"
    assert hook.bodies[0]["summary"] == "This message only tests that alerts arrive."
