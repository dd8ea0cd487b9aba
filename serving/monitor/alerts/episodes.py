"""Decides whether a verdict is news: alarm, still, resolved, or nothing to tell.

An episode is the time from a model version's first alarm until a later window is fine. Within it
two alerts are at least the cool-down apart, unless a kind of check raises an alarm that has not
been told yet. The end of the episode waits for the cool-down as well, so that requests which change
from window to window make one alert per cool-down, and no alarm goes untold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from serving.monitor.alerts.message import ALARM, RESOLVED, STILL
from serving.monitor.findings import WindowVerdict
from serving.monitor.wording import model_name


@dataclass(frozen=True)
class JudgedWindow:
    """A verdict, and the window that it is of.

    Args:
      start: of the window itself, UTC; the verdict's is the first request's.
      verdict: of the requests in it.
    """

    start: datetime
    verdict: WindowVerdict


@dataclass(frozen=True)
class Episode:
    """Where a model version stands; all times UTC.

    Args:
      window: start of the newest window that was judged.
      last: when the newest request of a judged window was answered.
      since: start of the first window with an alarm; None where none is open.
      alarmed: start of the newest window with an alarm, None likewise.
      told: when the last alert went out, None likewise.
      checks: which raised the alarms that were told.
    """

    window: datetime
    last: datetime
    since: datetime | None = None
    alarmed: datetime | None = None
    told: datetime | None = None
    checks: frozenset[str] = frozenset()


def follow(
    episode: Episode | None, judged: JudgedWindow, now: datetime, cool_down: timedelta
) -> tuple[Episode | None, str | None]:
    """Takes a verdict into account.

    Args:
      episode: of the model version so far, None for a new one.
      judged: windows come in order; one that is older than the newest is passed over.
      now: UTC.
      cool_down: between two alerts.

    Returns:
      The episode from now on, and the kind of message to send, or None.
    """
    verdict = judged.verdict
    # Without a finding nothing was checked: neither an alarm nor the end of one.
    if not verdict.findings or (episode is not None and judged.start < episode.window):
        return episode, None
    if episode is None:
        episode = Episode(judged.start, verdict.end)
    episode = replace(episode, window=judged.start, last=max(episode.last, verdict.end))
    if verdict.alarm:
        return _alarm(episode, judged, now, cool_down)
    if episode.alarmed is None or judged.start == episode.alarmed:
        return episode, None  # what resolves an alarm is another window
    return _end(episode, now, cool_down)


def replaced_versions(
    episodes: Iterable[tuple[tuple[str, int | None], Episode]], now: datetime, cool_down: timedelta
) -> list[tuple[tuple[str, int | None], Episode, JudgedWindow]]:
    """Finds open episodes of versions that no longer answer, while another of the model does.

    Args:
      episodes: (model, version) and where it stands, of all that are known.
      now: UTC.
      cool_down: between two alerts.

    Returns:
      For each that is over: who, the closed episode, and what to tell of it.
    """
    known = dict(episodes)
    over = []
    for (model, version), episode in known.items():
        newer = {
            other: each
            for (name, other), each in known.items()
            if name == model and other != version and each.window > episode.window
        }
        if not newer or episode.alarmed is None:
            continue
        closed, kind = _end(episode, now, cool_down)
        if kind is not None:
            successor = max(newer, key=lambda other: newer[other].window)
            verdict = _replaced((model, version), successor, episode)
            over.append(((model, version), closed, JudgedWindow(episode.window, verdict)))
    return over


def _alarm(
    episode: Episode, judged: JudgedWindow, now: datetime, cool_down: timedelta
) -> tuple[Episode, str | None]:
    checks = frozenset(each.check for each in judged.verdict.findings if each.alarm)
    if episode.told is None:
        opened = replace(episode, since=judged.start, alarmed=judged.start, told=now, checks=checks)
        return opened, ALARM
    episode = replace(episode, alarmed=judged.start)
    if checks <= episode.checks and not _may_tell(episode, now, cool_down):
        return episode, None
    return replace(episode, told=now, checks=episode.checks | checks), STILL


def _end(episode: Episode, now: datetime, cool_down: timedelta) -> tuple[Episode, str | None]:
    if not _may_tell(episode, now, cool_down):
        return episode, None
    return Episode(episode.window, episode.last), RESOLVED


def _may_tell(episode: Episode, now: datetime, cool_down: timedelta) -> bool:
    """Whether the cool-down has passed; a clock that was set back does not hold alerts for long."""
    return episode.told is None or now - episode.told >= cool_down or now < episode.told


def _replaced(
    who: tuple[str, int | None], successor: int | None, episode: Episode
) -> WindowVerdict:
    empty = WindowVerdict(*who, episode.last, episode.last, 0, ())
    after = "unknown" if successor is None else successor
    note = (
        f"{model_name(empty)}, has answered nothing since {episode.last:%Y-%m-%d %H:%M} UTC: "
        f"version {after} answers in its place, and nothing is told of the old one any more."
    )
    return replace(empty, notes=(note,))
