"""All that one turn of the monitor found: what the report, the JSON and the metrics tell from."""

from dataclasses import dataclass
from datetime import datetime

from serving.monitor.findings import WindowVerdict
from serving.monitor.profile import Observation, WindowProfile
from serving.monitor.reference import Reference

FINE, DRIFT, TROUBLE = 0, 1, 2
"""Exit statuses."""


@dataclass(frozen=True)
class CheckedWindow:
    """A window, what it was held against, and the verdict.

    Args:
      profile: of its requests.
      previous: of the window before, None where there is none.
      reference: None where the model version has none.
      verdict: on the window.
    """

    profile: WindowProfile
    previous: WindowProfile | None
    reference: Reference | None
    verdict: WindowVerdict


@dataclass(frozen=True)
class Outcome:
    """A turn.

    Args:
      at: when it ended, UTC.
      logs: what was read, as given.
      windows: in order of model, time and version.
      observation: what else the logs hold: damage, windows without requests, foreign records.
      troubles: what kept the monitor from its work, one line each.
    """

    at: datetime
    logs: tuple[str, ...]
    windows: tuple[CheckedWindow, ...]
    observation: Observation | None
    troubles: tuple[str, ...] = ()

    @property
    def newest(self) -> tuple[CheckedWindow, ...]:
        """The newest window of each model version, of those that could be checked if any could."""
        found: dict[tuple[str, int | None], CheckedWindow] = {}
        for window in self.windows:
            who = (window.verdict.model, window.verdict.version)
            if who not in found or window.verdict.findings or not found[who].verdict.findings:
                found[who] = window
        return tuple(found.values())

    @property
    def alarms(self) -> tuple[CheckedWindow, ...]:
        """Windows with an alarm."""
        return tuple(window for window in self.windows if window.verdict.alarm)

    @property
    def status(self) -> int:
        """The exit status: trouble comes before drift, and nothing checked is trouble."""
        if self.troubles or not any(window.verdict.findings for window in self.windows):
            return TROUBLE
        return DRIFT if self.alarms else FINE
