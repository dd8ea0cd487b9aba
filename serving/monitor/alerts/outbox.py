"""Delivers messages, tries again what was not taken, and tells what waits.

A receiver that does not answer costs its time-out and nothing else: the monitor goes on, the others
get theirs, and the message waits in the ledger for the next turn.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from serving.monitor.alerts.ledger import Ledger, Mailbox
from serving.monitor.alerts.message import Message
from serving.monitor.alerts.receivers import DeliveryError, Receiver

MOST_WAITING = 100
"""Messages that wait for one receiver; beyond that the oldest is dropped, and counted."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=10)


def post(ledger: Ledger, receivers: Sequence[Receiver], message: Message) -> None:
    """Puts a message into each receiver's mailbox."""
    for receiver in receivers:
        mailbox = ledger.mailboxes.setdefault(receiver.name, Mailbox())
        mailbox.waiting.append(message)
        while len(mailbox.waiting) > MOST_WAITING:
            del mailbox.waiting[0]
            mailbox.dropped += 1


def deliver(
    ledger: Ledger,
    receivers: Sequence[Receiver],
    save: Callable[[], None],
    now: datetime,
    pauses: Sequence[float] = (),
) -> list[str]:
    """Sends what waits, in order, and notes each outcome at once.

    Args:
      ledger: whose mailboxes are emptied.
      receivers: those that are configured now.
      save: puts the ledger on the disk.
      now: UTC; a receiver that failed has a growing pause between turns.
      pauses: seconds before each further attempt within this turn; none for a single attempt, which
        heeds the pause between turns.

    Returns:
      One line for each message that still waits without a hope in this turn, or nothing.
    """
    problems = []
    for receiver in receivers:
        mailbox = ledger.mailboxes.setdefault(receiver.name, Mailbox())
        if not pauses and mailbox.retry_at is not None and now < mailbox.retry_at:
            problems.append(_describe(receiver, mailbox))
            continue
        while mailbox.waiting and _send(receiver, mailbox, now, pauses):
            save()
        if mailbox.waiting:
            save()
            problems.append(_describe(receiver, mailbox))
    return problems


def orphans(ledger: Ledger, receivers: Sequence[Receiver]) -> list[str]:
    """Tells of messages whose receiver is no longer configured: one line for each receiver."""
    known = {receiver.name for receiver in receivers}
    return [
        f"{len(mailbox.waiting)} alert(s) wait for {name}, which is not given any more: give it "
        "again to have them delivered"
        for name, mailbox in ledger.mailboxes.items()
        if mailbox.waiting and name not in known
    ]


def _send(receiver: Receiver, mailbox: Mailbox, now: datetime, pauses: Sequence[float]) -> bool:
    """Sends the oldest message; tells whether it was taken."""
    for pause in (0.0, *pauses):
        time.sleep(pause)
        try:
            receiver.send(mailbox.waiting[0])
        except DeliveryError as error:
            mailbox.failed += 1
            mailbox.error = str(error)
        else:
            del mailbox.waiting[0]
            mailbox.delivered += 1
            mailbox.attempts, mailbox.retry_at, mailbox.error = 0, None, ""
            return True
    mailbox.attempts += 1
    # The exponent is bounded: a receiver may be away for years.
    wait = min(_FIRST_WAIT * 2 ** min(mailbox.attempts - 1, 10), _LONGEST_WAIT)
    mailbox.retry_at = now + wait
    return False


def _describe(receiver: Receiver, mailbox: Mailbox) -> str:
    return (
        f"{len(mailbox.waiting)} alert(s) not taken by {receiver.name} ({mailbox.error}): "
        "kept, and tried again at the next check"
    )
