"""`python -m serving.monitor check`: looks once, or again and again, and tells what it found."""

import argparse
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from tqdm import tqdm

from schema.errors import InputError
from serving.monitor import wording
from serving.monitor.alerts.episodes import JudgedWindow
from serving.monitor.alerts.teller import HASTY, Alerting, tell
from serving.monitor.arguments import FACETS_FILE, JSON_FILE, REPORT_FILE, alerting, turn_settings
from serving.monitor.metrics import MonitorMetrics
from serving.monitor.outcome import TROUBLE, Outcome
from serving.monitor.outcome_json import outcome_to_json
from serving.monitor.profile import PROBLEMS
from serving.monitor.turn import TurnSettings, fingerprint, take_turn
from serving.whole_file import write_whole

_LOG = logging.getLogger(__name__)


@dataclass
class Monitor:
    """Takes turns and tells of them.

    Args:
      settings: what to look at.
      alerting: who is told.
      output: folder for report and JSON.
      metrics_file: for Prometheus, None for none.
      report_url: where people reach `output`, None where they do not.
      as_json: whether to print JSON.
      facets: whether to write TFDV's view of the newest window as well.
    """

    settings: TurnSettings
    alerting: Alerting
    output: Path
    metrics_file: Path | None = None
    report_url: str | None = None
    as_json: bool = False
    facets: bool = False
    metrics: MonitorMetrics = field(default_factory=MonitorMetrics)
    exposed: bytes = b""
    """The Prometheus text after the newest turn."""
    last: Outcome | None = None
    seen: tuple[tuple[str, int, int], ...] = ()
    """Of logs and models, when the last turn began."""

    def __post_init__(self) -> None:
        self.exposed = self.metrics.text()

    def turn(self) -> int:
        """Looks once; returns the exit status.

        Raises:
          InputError: it could not, or could not tell of it.
        """
        outcome, is_new = self._look()
        report, troubles = self._try_report(outcome)
        alerting = replace(self.alerting, report=self._where(report) if report else None)
        told = tell(
            [JudgedWindow(each.profile.window_start, each.verdict) for each in outcome.windows],
            alerting,
        )
        outcome = replace(outcome, troubles=(*outcome.troubles, *troubles, *told.problems))
        content = outcome_to_json(outcome, str(report) if report else None)
        content["messages"] = [message.to_json() for message in told.messages]
        self._expose(lambda: self.metrics.take_turn(outcome, told.mailboxes))
        self._write(
            self.output / JSON_FILE, json.dumps(content, ensure_ascii=False, indent=1).encode()
        )
        if is_new or told.messages:
            words = [json.dumps(content)] if self.as_json else [*_words(outcome)]
            words += [f"report: {report}"] * (report is not None and not self.as_json)
            sys.stdout.write("".join(f"{line}\n" for line in words))
            sys.stdout.flush()
        for trouble in outcome.troubles:
            say(trouble)
        return outcome.status

    def _look(self) -> tuple[Outcome, bool]:
        """Takes a turn; where logs and models are what they were, the last one's outcome holds.

        Returns:
          the outcome, and whether it is a new one.
        """
        seen = fingerprint(self.settings)
        is_new = self.last is None or seen != self.seen
        if self.last is None or is_new:
            with _clock():
                self.last = take_turn(self.settings)
            self.seen = seen
        return replace(self.last, at=datetime.now(timezone.utc)), is_new

    def _try_report(self, outcome: Outcome) -> tuple[Path | None, list[str]]:
        """Writes the report; where that fails, the alerts go out all the same."""
        try:
            return self._write_report(outcome), []
        except InputError as error:
            return None, [str(error)]

    def fail(self, problem: str) -> int:
        """Tells of a turn that came to nothing; returns the exit status."""
        say(problem)
        now = datetime.now(timezone.utc)
        try:
            self._expose(lambda: self.metrics.take_end(now, TROUBLE))
            for waiting in tell((), self.alerting).problems:  # earlier alerts are tried again
                say(waiting)
        except InputError as error:
            if str(error) != problem:
                say(str(error))
        return TROUBLE

    def _write_report(self, outcome: Outcome) -> Path:
        """Writes the report twice: as the newest, and as that of the newest window, to be kept."""
        from serving.monitor.report.render import render

        page = render(outcome).encode()
        if self.facets:
            self._write_facets(outcome)
        newest = max((each.profile.window_start for each in outcome.windows), default=outcome.at)
        self._write(self.output / REPORT_FILE, page)
        return self._write(self.output / f"report-{newest:%Y%m%dT%H%M}.html", page)

    def _write_facets(self, outcome: Outcome) -> None:
        """Writes TFDV's view of a window with an alarm or, without one, of the newest."""
        from serving.monitor.report.facets import render_facets

        windows = sorted(outcome.newest, key=lambda each: each.verdict.alarm)
        page = render_facets(windows[-1]) if windows else None
        if page is not None:
            self._write(self.output / FACETS_FILE, page.encode())

    def _where(self, report: Path) -> str:
        if self.report_url is None:
            return str(report.resolve())
        return f"{self.report_url.rstrip('/')}/{report.name}"

    def _expose(self, take: Callable[[], None]) -> None:
        take()
        self.exposed = self.metrics.text()
        if self.metrics_file is not None:
            self._write(self.metrics_file, self.exposed)

    def _write(self, path: Path, content: bytes) -> Path:
        try:
            return write_whole(path, content)
        except OSError as error:
            raise InputError(
                f"expected a place to write to, got {path} ({error.strerror}): name another, or "
                "mend its permissions or the disk"
            ) from None


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit status.

    Raises:
      InputError: bad usage; and, of a single turn, bad data.
    """
    if arguments.metrics_port is not None and not arguments.watch:
        raise InputError("expected --watch with --metrics-port, got it alone: add --watch")
    monitor = Monitor(
        turn_settings(arguments),
        alerting(arguments),
        arguments.output,
        arguments.metrics_file,
        arguments.report_url,
        arguments.json,
        arguments.facets,
    )
    if not arguments.watch:
        try:
            return monitor.turn()
        except InputError as error:
            return monitor.fail(str(error))
    monitor.alerting = replace(monitor.alerting, pauses=HASTY)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _metrics_server(arguments, monitor):
        watch(monitor, arguments.interval.total_seconds(), stop)
    return 0


def watch(monitor: Monitor, seconds: float, stop: threading.Event) -> None:
    """Takes turns until it is stopped; whatever goes wrong in one is told, and the next one comes.

    Args:
      monitor: whose turns.
      seconds: between the end of a turn and the next.
      stop: set to end; a turn under way is finished first.
    """
    while not stop.is_set():
        try:
            monitor.turn()
        except InputError as error:
            monitor.fail(str(error))
        except Exception as error:  # a monitor that died of one bad day would miss the next
            _LOG.exception("a turn failed")
            monitor.fail(f"the turn failed ({type(error).__name__}: {error}); the next one comes")
        stop.wait(seconds)


def say(line: str) -> None:
    """Writes a line for people."""
    tqdm.write(f"monitor: {line}", file=sys.stderr)


def _words(outcome: Outcome) -> Iterator[str]:
    for window in outcome.windows:
        yield f"{wording.state(window.verdict)}: {wording.sentence(window.verdict)}"
        for finding in window.verdict.ordered:
            if finding.alarm:
                yield f"  {wording.finding_title(finding)}: {finding.message}"
        yield from (f"  note: {note}" for note in window.verdict.notes)
        for key, count in window.profile.problems.items():
            yield f"  log: {count} of {window.profile.requests} requests: {PROBLEMS[key]}"
    if not outcome.windows:
        yield "nothing could be checked: the logs hold no request of the time asked for"
    if outcome.observation is not None:
        for problem in outcome.observation.file_problems:
            yield f"  log: {problem.file} at byte {problem.offset}: {problem.message}"
        for phrase, count in outcome.observation.unusable.items():
            yield f"  log: {count} records were not used: {phrase}"
        for quiet in outcome.observation.quiet:
            yield f"  no request to {quiet.model}, {wording.span(quiet.start, quiet.end)}"


@contextmanager
def _clock() -> Iterator[None]:
    """Shows on a terminal that a turn is under way, and for how long."""
    ended = threading.Event()
    look = "{desc}: {elapsed}"
    with tqdm(desc="reading the logs", bar_format=look, leave=False, disable=None) as bar:

        def tick() -> None:
            while not ended.wait(1.0):
                bar.refresh()

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def _metrics_server(arguments: argparse.Namespace, monitor: Monitor) -> Iterator[None]:
    """Serves `/metrics` where a port is given."""
    if arguments.metrics_port is None:
        yield
        return
    from serving.monitor.metrics_server import serve_metrics

    with serve_metrics(
        arguments.metrics_host, arguments.metrics_port, lambda: monitor.exposed
    ) as url:
        say(f"metrics at {url}")
        yield
