"""The options of `python -m serving.monitor`, and what they mean. Imports nothing heavy."""

import argparse
import os
from pathlib import Path

from schema.errors import InputError
from serving.monitor.alerts.mail import Mail
from serving.monitor.alerts.receivers import Receiver
from serving.monitor.alerts.teller import COOL_DOWN, Alerting
from serving.monitor.alerts.webhook import GENERIC, SLACK, Webhook
from serving.monitor.durations import read_duration
from serving.monitor.settings import CheckSettings
from serving.monitor.turn import TurnSettings

PASSWORD_VARIABLE = "MONITOR_SMTP_PASSWORD"
STATE_FILE, REPORT_FILE, FACETS_FILE, JSON_FILE = (
    "state.json",
    "report.html",
    "facets.html",
    "result.json",
)
"""In the output folder."""

_DEFAULTS = CheckSettings()


def add_check_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `check`."""
    add = parser.add_argument
    add("logs", nargs="+", type=Path, metavar="LOG", help="request log files, or folders of them")
    what = parser.add_argument_group("what they are held against")
    what.add_argument(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="the pushed model, such as workspace/pushed/sample-lines: each version that it holds "
        "is held against its own reference",
    )
    what.add_argument(
        "--reference", type=Path, metavar="FOLDER", help="a reference for all versions instead"
    )
    what.add_argument("--only", metavar="NAME", help="the model, where the logs hold several")
    what.add_argument(
        "--labels",
        type=Path,
        metavar="FOLDER",
        help="pictures out of the logs with what is written there in .gt.txt files beside them: "
        "their error rate is checked",
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--window",
        type=read_duration,
        default="1d",
        help="its length (%(default)s)",
        metavar="SPAN",
    )
    how.add_argument(
        "--last",
        type=read_duration,
        metavar="SPAN",
        help="judge the windows of so long ago, such as 2d; by default all that the logs hold",
    )
    how.add_argument(
        "--false-alarms",
        type=float,
        default=_DEFAULTS.false_alarm_rate,
        metavar="RATE",
        help="share of clean windows that may raise an alarm, all checks together (%(default)s)",
    )
    how.add_argument(
        "--least-requests",
        type=int,
        default=_DEFAULTS.least_requests,
        metavar="N",
        help="a window with fewer is not judged (%(default)s)",
    )
    how.add_argument("--seed", type=int, default=0, help="of all that is drawn (%(default)s)")
    how.add_argument(
        "--beam-arg",
        action="append",
        default=[],
        metavar="ARG",
        help="for the Beam runner that reads the logs, such as --beam-arg=--runner=FlinkRunner; "
        "once for each",
    )
    how.add_argument(
        "--results", type=Path, metavar="FOLDER", help="one that its workers can write to"
    )
    _add_telling(parser)
    _add_watching(parser)


def _add_telling(parser: argparse.ArgumentParser) -> None:
    telling = parser.add_argument_group("what is told, and where")
    telling.add_argument(
        "--output",
        type=Path,
        default=Path("monitor"),
        metavar="FOLDER",
        help=f"for {REPORT_FILE}, {JSON_FILE} and {STATE_FILE} (%(default)s)",
    )
    telling.add_argument(
        "--facets", action="store_true", help=f"write {FACETS_FILE} too: TFDV's own view"
    )
    telling.add_argument("--json", action="store_true", help="print one JSON object, not words")
    telling.add_argument(
        "--metrics-file",
        type=Path,
        metavar="FILE",
        help="for Prometheus: ends with .prom, in the folder of node_exporter's textfile collector",
    )
    add_alert_options(parser)


def add_alert_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say who is told."""
    alerts = parser.add_argument_group("alerts; an address may be @FILE, which holds it")
    add = alerts.add_argument
    add("--webhook", action="append", default=[], metavar="URL", help="gets JSON; repeatable")
    add("--slack", action="append", default=[], metavar="URL", help="an incoming webhook of Slack")
    add(
        "--smtp",
        metavar="URL",
        help=f"mail server: smtp://[USER@]HOST[:PORT] or smtps://...; {PASSWORD_VARIABLE} in the "
        "environment holds the password",
    )
    add("--mail-from", metavar="ADDRESS", help="the sender")
    add("--mail-to", action="append", default=[], metavar="ADDRESS", help="repeatable")
    add(
        "--cool-down",
        type=read_duration,
        default=COOL_DOWN,
        metavar="SPAN",
        help="least time between two alerts about one model version (6h)",
    )
    add("--report-url", metavar="URL", help="where people reach the output folder, for messages")
    add("--state", type=Path, metavar="FILE", help="what alerts remember (in the output folder)")


def _add_watching(parser: argparse.ArgumentParser) -> None:
    watching = parser.add_argument_group("watching")
    add = watching.add_argument
    add("--watch", action="store_true", help="go on until SIGTERM or Ctrl-C")
    add(
        "--interval",
        type=read_duration,
        default="5m",
        metavar="SPAN",
        help="between two turns (%(default)s)",
    )
    add("--metrics-port", type=int, metavar="PORT", help="serve /metrics there; 0 takes any")
    add("--metrics-host", default="127.0.0.1", metavar="HOST", help="to listen on (%(default)s)")


def turn_settings(arguments: argparse.Namespace) -> TurnSettings:
    """Returns what the options of `check` ask a turn for.

    Raises:
      InputError: a value is out of range.
    """
    return TurnSettings(
        logs=tuple(arguments.logs),
        model=arguments.model,
        reference=arguments.reference,
        only=arguments.only,
        span=arguments.window,
        last=arguments.last,
        labels=arguments.labels,
        checks=CheckSettings(
            false_alarm_rate=arguments.false_alarms,
            least_requests=arguments.least_requests,
            seed=arguments.seed,
        ),
        beam_args=tuple(arguments.beam_arg),
        results=arguments.results,
    )


def alerting(arguments: argparse.Namespace) -> Alerting:
    """Returns whom the options tell.

    Raises:
      InputError: an address is none, or a file that should hold one cannot be read.
    """
    receivers: list[Receiver] = [
        *(Webhook(_address(each), GENERIC) for each in arguments.webhook),
        *(Webhook(_address(each), SLACK) for each in arguments.slack),
    ]
    if arguments.smtp or arguments.mail_from or arguments.mail_to:
        receivers.append(_mail(arguments))
    if len({receiver.name for receiver in receivers}) < len(receivers):
        raise InputError("expected each receiver once, got one twice: leave it out")
    state = arguments.state or arguments.output / STATE_FILE
    return Alerting(receivers, state, arguments.cool_down)


def _mail(arguments: argparse.Namespace) -> Mail:
    missing = [
        f"--{name.replace('_', '-')}"
        for name in ("smtp", "mail_from", "mail_to")
        if not getattr(arguments, name)
    ]
    if missing:
        raise InputError(
            f"expected --smtp, --mail-from and --mail-to together, got no {' and '.join(missing)}: "
            "give all three"
        )
    password = os.environ.get(PASSWORD_VARIABLE, "")
    return Mail(_address(arguments.smtp), arguments.mail_from, arguments.mail_to, password)


def _address(text: str) -> str:
    """Returns an address, read from the file that `@FILE` names."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a file with an address, got {type(error).__name__} for {text[1:]}: "
            "name another after the @"
        ) from None
