"""An alert as it waits for its receivers: what happened, and to which model."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serving.monitor import wording
from serving.monitor.findings import WindowVerdict
from serving.monitor.verdict_json import verdict_from_json, verdict_to_json

ALARM, STILL, RESOLVED, TEST = "alarm", "still", "resolved", "test"
KINDS = (ALARM, STILL, RESOLVED, TEST)
"""A model's requests have changed; they still are what they should not be, or in more ways; they
are as they were again, or the model version no longer answers; somebody tries the receivers."""

_HEADS = {
    ALARM: "Drift",
    STILL: "Still drifting",
    RESOLVED: "Resolved",
    TEST: "Test of the alerts",
}


@dataclass(frozen=True)
class Message:
    """One alert, the same for each receiver.

    Args:
      id: unique; a receiver that gets it twice, after a crash between sending and taking note,
        knows it by that.
      kind: one of `KINDS`.
      at: when it was decided, UTC.
      since: when the first window of the episode with an alarm began, UTC.
      verdict: of the window that decided it.
      report: where the HTML report is, a path or an address; None without one.
    """

    id: str
    kind: str
    at: datetime
    since: datetime
    verdict: WindowVerdict
    report: str | None = None

    @property
    def head(self) -> str:
        """A few words: "Drift: lines, version 7"."""
        if self.kind == TEST:
            return _HEADS[TEST]
        return f"{_HEADS[self.kind]}: {wording.model_name(self.verdict)}"

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.verdict.notes and not self.verdict.findings:
            return self.verdict.notes[0]  # says all: nothing was measured
        return wording.sentence(self.verdict)

    @property
    def details(self) -> tuple[str, ...]:
        """A sentence for each finding that raised the alarm."""
        return tuple(finding.message for finding in self.verdict.ordered if finding.alarm)

    def to_json(self) -> dict[str, Any]:
        """Returns plain values: what the generic webhook gets, and what waits on the disk."""
        return {
            "id": self.id,
            "event": self.kind,
            "at": self.at.isoformat(),
            "since": self.since.isoformat(),
            "title": self.head,
            "summary": self.summary,
            "report": self.report,
            "verdict": verdict_to_json(self.verdict),
        }


def message_from_json(content: dict[str, Any]) -> Message:
    """Returns the message that `Message.to_json` told of.

    Raises:
      KeyError, TypeError, ValueError: it is none.
    """
    if content["event"] not in KINDS:
        raise ValueError(f"unknown event {content['event']!r}")
    return Message(
        id=content["id"],
        kind=content["event"],
        at=datetime.fromisoformat(content["at"]),
        since=datetime.fromisoformat(content["since"]),
        verdict=verdict_from_json(content["verdict"]),
        report=content["report"],
    )


def new_message(
    kind: str, at: datetime, since: datetime, verdict: WindowVerdict, report: str | None
) -> Message:
    """Returns a message with an id of its own."""
    return Message(uuid.uuid4().hex, kind, at, since, verdict, report)
