"""What the monitor tells Prometheus: in a file for node_exporter's textfile collector, or by HTTP.

Alert rules are in `serving/deploy/monitoring/alerts.yaml`.
"""

from collections.abc import Mapping
from datetime import datetime

from serving.monitor.alerts.ledger import Mailbox
from serving.monitor.findings import Finding
from serving.monitor.outcome import DRIFT, FINE, TROUBLE, CheckedWindow, Outcome
from serving.server.metrics import Counter, Gauge, exposition

PREFIX = "handwriting_monitor_"
_STATUSES = {FINE: "fine", DRIFT: "drift", TROUBLE: "trouble"}
_WHO = ("model", "version")
_FINDING = (*_WHO, "check", "feature")


class MonitorMetrics:
    """All metrics of a monitor.

    What is said of a window is said of the newest one of each model version; a series ends with
    the version, not with the requests.
    """

    def __init__(self) -> None:
        self.turns = Counter(f"{PREFIX}turns_total", "Turns, by how they ended.", ["outcome"])
        for name in _STATUSES.values():
            self.turns.add((name,), 0)  # a rate needs a beginning
        self.last_turn = _gauge("last_turn_timestamp_seconds", "When the last turn ended.")
        self.last_good = _gauge(
            "last_good_turn_timestamp_seconds", "When the last turn without trouble ended."
        )
        self._begin()

    def take_turn(self, outcome: Outcome, mailboxes: Mapping[str, Mailbox]) -> None:
        """Takes a turn's outcome, and how far its alerts got."""
        self.take_end(outcome.at, outcome.status)
        self._begin()
        for window in outcome.newest:
            self._take_window(window)
        if outcome.observation is not None:
            self.damages.set((), outcome.observation.damages)
            self.lost_bytes.set((), outcome.observation.lost_bytes)
        self._take_mailboxes(mailboxes)

    def take_end(self, at: datetime, status: int) -> None:
        """Takes the end of a turn, also of one that came to nothing."""
        self.turns.add((_STATUSES[status],))
        self.last_turn.set((), at.timestamp())
        if status != TROUBLE:
            self.last_good.set((), at.timestamp())

    def text(self) -> bytes:
        """Returns the Prometheus text."""
        return exposition([each for each in vars(self).values() if isinstance(each, Counter)])

    def _begin(self) -> None:
        """Forgets the windows and mailboxes of the turn before."""
        self.alarm = _gauge("alarm", "1 where the window raises an alarm, 0 else.", *_WHO)
        self.checked = _gauge("checked", "1 where the window could be checked, 0 else.", *_WHO)
        self.requests = _gauge("requests", "Logged requests in the window.", *_WHO)
        self.window_start = _gauge("window_start_timestamp_seconds", "Its beginning.", *_WHO)
        self.measured = _gauge("measured", "What a check measured.", *_FINDING)
        self.threshold = _gauge("threshold", "Above it is an alarm.", *_FINDING)
        self.p_value = _gauge("p_value", "Of so high a measure on clean data.", *_FINDING)
        self.finding_alarm = _gauge("finding_alarm", "1 where a check raises one.", *_FINDING)
        self.damages = _gauge("log_damages", "Damaged places in the log files.")
        self.lost_bytes = _gauge(
            "log_lost_bytes", "Bytes of the logs that no record can be read of."
        )
        self.waiting = _gauge("alerts_waiting", "Alerts not yet delivered.", "receiver")
        self.delivered = _counter("alerts_delivered_total", "Alerts delivered.", "receiver")
        self.failed = _counter("alert_attempts_failed_total", "Failed attempts.", "receiver")
        self.dropped = _counter("alerts_dropped_total", "Alerts given up.", "receiver")

    def _take_window(self, window: CheckedWindow) -> None:
        verdict = window.verdict
        who = (verdict.model, "" if verdict.version is None else str(verdict.version))
        self.alarm.set(who, verdict.alarm)
        self.checked.set(who, bool(verdict.findings))
        self.requests.set(who, verdict.requests)
        self.window_start.set(who, window.profile.window_start.timestamp())
        for finding in verdict.findings:
            self._take_finding((*who, finding.check, finding.feature or ""), finding)

    def _take_finding(self, labels: tuple[str, ...], finding: Finding) -> None:
        # Of several of one check and feature, such as values outside of the schema, the worst.
        self.finding_alarm.set(labels, max(self.finding_alarm.value(*labels), finding.alarm))
        for gauge, value in (
            (self.measured, finding.measured),
            (self.threshold, finding.threshold),
            (self.p_value, finding.p_value),
        ):
            if value is not None:
                gauge.set(labels, value)

    def _take_mailboxes(self, mailboxes: Mapping[str, Mailbox]) -> None:
        for name, mailbox in mailboxes.items():
            self.waiting.set((name,), len(mailbox.waiting))
            self.delivered.add((name,), mailbox.delivered)
            self.failed.add((name,), mailbox.failed)
            self.dropped.add((name,), mailbox.dropped)


def _gauge(name: str, help_text: str, *labels: str) -> Gauge:
    return Gauge(PREFIX + name, help_text, labels)


def _counter(name: str, help_text: str, *labels: str) -> Counter:
    return Counter(PREFIX + name, help_text, labels)
