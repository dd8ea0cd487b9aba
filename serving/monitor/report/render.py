"""Puts the report together: one HTML file that needs no other and no network.

It sees the `Outcome` alone and decides nothing. It shows pictures that clients sent and what was
read in them: who may not see those may not see the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from serving.html_page import figures
from serving.html_page.page import make_environment
from serving.html_page.pictures import Picture
from serving.monitor import wording
from serving.monitor.findings import Finding
from serving.monitor.logged_request import MeasuredRequest
from serving.monitor.outcome import CheckedWindow, Outcome
from serving.monitor.profile import PROBLEMS
from serving.monitor.report import oddness, plots
from serving.monitor.report.distributions import Comparison, compare
from serving.monitor.report.thumbnails import thumbnail
from serving.whole_file import write_whole

MOST_PICTURES = 12
_FAR = 0.5  # of the limit
_FULL_BAR = 3.0  # times the limit; what is beyond looks the same


@dataclass(frozen=True)
class ShownRequest:
    """A request as the page shows it.

    Args:
      measured: as it was logged.
      picture: None where there is none to show.
      missing: why not.
      reasons: why it is odd, phrases.
    """

    measured: MeasuredRequest
    picture: Picture | None
    missing: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ShownWindow:
    """A window as the page shows it.

    Args:
      window: as it was checked.
      findings: alarms first, the farthest off its limit first.
      comparisons: likewise.
      oddest, unsurest: requests with pictures.
      earlier: windows of the same model version, the newest first.
    """

    window: CheckedWindow
    findings: tuple[Finding, ...]
    comparisons: tuple[Comparison, ...]
    oddest: tuple[ShownRequest, ...]
    unsurest: tuple[ShownRequest, ...]
    earlier: tuple[CheckedWindow, ...]

    @property
    def close(self) -> list[Finding]:
        """Findings to be seen at once."""
        return [each for each in self.findings if each.alarm or not _is_far(each)]

    @property
    def far(self) -> list[Finding]:
        """The others."""
        return [each for each in self.findings if not each.alarm and _is_far(each)]


def write_report(outcome: Outcome, path: Path) -> Path:
    """Writes the report of a turn, whole or not at all, and returns its path.

    Raises:
      OSError: it could not be written.
    """
    return write_whole(path, render(outcome).encode())


def render(outcome: Outcome) -> str:
    """Returns the report as one HTML document; the same outcome, the same text."""
    shown = sorted(
        (_show(window, outcome) for window in outcome.newest),
        key=lambda each: not each.window.verdict.alarm,
    )
    return (
        _environment()
        .get_template("monitor.html.jinja")
        .render(outcome=outcome, shown=shown, headline=headline(outcome), state=_state(outcome))
    )


def headline(outcome: Outcome) -> tuple[str, str]:
    """Returns the sentence that says it all, of the newest windows, and a line on what it is of."""
    verdicts = [window.verdict for window in outcome.newest]
    alarms = [verdict for verdict in verdicts if verdict.alarm]
    checked = [verdict for verdict in verdicts if verdict.findings]
    # The newest of what tells most.
    told = (alarms or checked or verdicts)[-1:]
    if not told:
        return "Nothing could be checked: the logs hold no request.", ""
    more = f" So has that of {len(alarms) - 1} more." if len(alarms) > 1 else ""
    return f"{wording.short(told[0])}.{more}", wording.when(told[0])


def _state(outcome: Outcome) -> str:
    """Returns "drift", "fine" or "unknown", for the page's colour."""
    if any(window.verdict.alarm for window in outcome.newest):
        return "drift"
    return "fine" if any(window.verdict.findings for window in outcome.newest) else "unknown"


def _show(window: CheckedWindow, outcome: Outcome) -> ShownWindow:
    profile = window.profile
    return ShownWindow(
        window,
        window.verdict.ordered,
        tuple(compare(window)),
        _show_requests(profile.oddest, window),
        _show_requests(profile.unsurest, window),
        tuple(
            other
            for other in reversed(outcome.windows)
            if other is not window
            and (other.profile.model, other.profile.version) == (profile.model, profile.version)
        ),
    )


def _show_requests(
    requests: Sequence[MeasuredRequest], window: CheckedWindow
) -> tuple[ShownRequest, ...]:
    shown = []
    for measured in requests[:MOST_PICTURES]:
        picture = thumbnail(measured.request.image)
        why = tuple(oddness.reasons(measured, window.reference))
        if isinstance(picture, str):
            shown.append(ShownRequest(measured, None, picture, why))
        else:
            shown.append(ShownRequest(measured, picture, "", why))
    return tuple(shown)


def _is_far(finding: Finding) -> bool:
    return finding.measured is not None and finding.excess < _FAR


def _chance(value: float | None) -> str:
    """Returns a p-value as people read it: nobody needs more of a small one than that it is."""
    if value is None:
        return "\N{EN DASH}"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def _bar(finding: Finding) -> float:
    """Returns how long a finding's bar is, in percent of the whole."""
    return round(100 * min(finding.excess, _FULL_BAR) / _FULL_BAR, 1)


def _clock(seconds: int) -> str:
    if seconds <= 0:
        return "time not known"
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


@cache
def _environment() -> jinja2.Environment:
    filters: dict[str, Any] = {
        "bar": _bar,
        "chance": _chance,
        "clock": _clock,
        "decimal": figures.decimal,
        "draw_sides": plots.draw_sides,
        "finding_title": wording.finding_title,
        "held_against": wording.held_against,
        "model_name": wording.model_name,
        "percent": figures.percent,
        "problem": lambda key: PROBLEMS.get(key, key),
        "sentence": wording.sentence,
        "short": wording.short,
        "state": wording.state,
        "thousands": "{:,}".format,
    }
    environment = make_environment("serving.monitor.report", filters)
    environment.globals |= {"span": wording.span, "limit_place": round(100 / _FULL_BAR, 1)}
    return environment
