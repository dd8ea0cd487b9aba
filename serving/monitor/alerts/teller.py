"""Tells receivers of what was judged: the one call that `serving.monitor.turn` makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from serving.monitor.alerts import outbox
from serving.monitor.alerts.episodes import JudgedWindow, follow, replaced_versions
from serving.monitor.alerts.ledger import Ledger, Mailbox, hold, load_ledger, save_ledger
from serving.monitor.alerts.message import RESOLVED, TEST, Message, new_message
from serving.monitor.alerts.receivers import Receiver
from serving.monitor.findings import WindowVerdict

COOL_DOWN = timedelta(hours=6)
"""Four reminders a day of what goes on; a check once a day is never held up by it."""

PATIENT, HASTY = (1.0, 4.0), ()
"""Pauses between attempts: of a single check, after which nobody tries again before the next; of a
watch, which has the next turn soon."""


@dataclass(frozen=True)
class Alerting:
    """Who is told, and how often.

    Args:
      receivers: with different names; none tells nobody, and remembers all the same.
      state: the ledger's file.
      cool_down: least time between two alerts about one model version.
      pauses: between attempts, in seconds.
      report: what messages say the report's place is.
    """

    receivers: Sequence[Receiver]
    state: Path
    cool_down: timedelta = COOL_DOWN
    pauses: Sequence[float] = PATIENT
    report: str | None = None


@dataclass(frozen=True)
class Told:
    """What became of it.

    Args:
      messages: that were decided in this turn.
      problems: one line for each receiver that has not taken all of its messages.
      mailboxes: of all receivers, for metrics.
    """

    messages: tuple[Message, ...]
    problems: tuple[str, ...]
    mailboxes: dict[str, Mailbox]


def tell(windows: Sequence[JudgedWindow], alerting: Alerting, now: datetime | None = None) -> Told:
    """Decides what is news, keeps it on the disk, and delivers it and what waited before.

    Args:
      windows: of any models and versions, in any order.
      alerting: who is told.
      now: UTC; of the clock where it is None.

    Raises:
      InputError: the state cannot be read or written.
    """
    now = now or datetime.now(timezone.utc)
    with hold(alerting.state):
        ledger = load_ledger(alerting.state)
        messages = _decide(ledger, windows, alerting, now)
        for message in messages:
            outbox.post(ledger, alerting.receivers, message)
        save_ledger(ledger, alerting.state)  # before anything is sent
        return _deliver(ledger, messages, alerting, now)


def try_receivers(alerting: Alerting) -> Told:
    """Sends each receiver a test message; raises as `tell` does."""
    now = datetime.now(timezone.utc)
    verdict = WindowVerdict(
        "(none)", None, now, now, 0, (), ("This message only tests that alerts arrive.",)
    )
    message = new_message(TEST, now, now, verdict, None)
    with hold(alerting.state):
        ledger = load_ledger(alerting.state)
        outbox.post(ledger, alerting.receivers, message)
        save_ledger(ledger, alerting.state)
        return _deliver(ledger, [message], alerting, now)


def _deliver(
    ledger: Ledger, messages: Sequence[Message], alerting: Alerting, now: datetime
) -> Told:
    problems = outbox.deliver(
        ledger,
        alerting.receivers,
        lambda: save_ledger(ledger, alerting.state),
        now,
        alerting.pauses,
    )
    problems += outbox.orphans(ledger, alerting.receivers)
    return Told(tuple(messages), tuple(problems), ledger.mailboxes)


def _decide(
    ledger: Ledger, windows: Sequence[JudgedWindow], alerting: Alerting, now: datetime
) -> list[Message]:
    messages = []
    for judged in sorted(windows, key=lambda each: each.start):
        verdict = judged.verdict
        who = (verdict.model, verdict.version)
        before = ledger.episodes.get(who)
        after, kind = follow(before, judged, now, alerting.cool_down)
        if after is not None:
            ledger.episodes[who] = after
        if kind is not None:
            opened = before if kind == RESOLVED else after
            since = (opened and opened.since) or judged.start
            messages.append(new_message(kind, now, since, verdict, alerting.report))
    for who, closed, judged in replaced_versions(
        list(ledger.episodes.items()), now, alerting.cool_down
    ):
        since = ledger.episodes[who].since or judged.start
        ledger.episodes[who] = closed
        messages.append(new_message(RESOLVED, now, since, judged.verdict, alerting.report))
    return messages
