"""One turn: log files -> windows -> verdicts. The heavy libraries are imported when it begins."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from schema.errors import InputError
from serving.monitor.findings import WindowVerdict
from serving.monitor.outcome import CheckedWindow, Outcome
from serving.monitor.profile import Observation, WindowProfile
from serving.monitor.references import HeldAgainst, References
from serving.monitor.settings import CheckSettings

Key = tuple[str, int | None]
"""Model and version."""


@dataclass(frozen=True)
class TurnSettings:
    """What to look at, and how.

    Args:
      logs: files, or folders of them.
      model: a pushed model's folder, or that of one of its versions; None with a `reference`.
      reference: a folder with a reference that holds for all versions.
      only: the model's name, where the logs hold several; None for all.
      span: of a window.
      last: windows that ended earlier than this before the turn are not judged, and files that have
        not been written to since the window before them are not read; None for all there are.
      labels: a folder of pictures out of the logs with their texts; None without.
      checks: how windows are judged.
      beam_args: of the runner that reads the logs; empty for the one in this process.
      results: a folder that the runner's workers reach; None for a temporary one here.
    """

    logs: tuple[Path, ...]
    model: Path | None = None
    reference: Path | None = None
    only: str | None = None
    span: timedelta = timedelta(days=1)
    last: timedelta | None = None
    labels: Path | None = None
    checks: CheckSettings = field(default_factory=CheckSettings)
    beam_args: tuple[str, ...] = ()
    results: Path | None = None


def take_turn(settings: TurnSettings, now: datetime | None = None) -> Outcome:
    """Reads, counts and judges.

    Args:
      settings: what to look at.
      now: UTC; of the clock where it is None.

    Raises:
      InputError: there are no logs, or no reference, or no labels where they are named.
    """
    from serving.monitor.find_logs import find_logs
    from serving.monitor.labels import add_labels, read_labels

    now = now or datetime.now(timezone.utc)
    references = References(settings.model, settings.reference)
    files = _recent(find_logs(settings.logs), settings, now)
    observation = _observe_all(files, references, settings, now)
    profiles = [
        profile
        for profile in observation.profiles
        if settings.only is None or profile.model == settings.only
    ]
    if settings.labels is not None:
        labels = read_labels(settings.labels)
        profiles = [add_labels(profile, labels) for profile in profiles]
    windows = tuple(_judge_all(profiles, references, settings, now))
    return Outcome(now, tuple(map(str, settings.logs)), windows, observation)


def fingerprint(settings: TurnSettings) -> tuple[tuple[str, int, int], ...]:
    """Returns names, sizes and times of logs and model versions: what is as before needs no turn.

    Raises:
      InputError: there are no logs.
    """
    from serving.monitor.find_logs import find_logs

    folders = filter(None, (settings.model, settings.reference))
    paths = [*map(Path, find_logs(settings.logs)), *(each for f in folders for each in f.glob("*"))]
    found = []
    for path in sorted(paths):
        with contextlib.suppress(FileNotFoundError):  # deleted by the log's rotation meanwhile
            status = path.stat()
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(found)


def _recent(files: list[str], settings: TurnSettings, now: datetime) -> list[str]:
    if settings.last is None:
        return files
    # One window more: to see drift.
    oldest = (now - settings.last - 2 * settings.span).timestamp()
    recent = []
    for file in files:
        with contextlib.suppress(FileNotFoundError):  # deleted by the log's rotation meanwhile
            if Path(file).stat().st_mtime >= oldest:
                recent.append(file)
    return recent


def _observe_all(
    files: list[str], references: References, settings: TurnSettings, now: datetime
) -> Observation:
    """Reads the logs by the newest reference, and again for versions that have another one."""
    usual = references.usual
    observation = _observe(files, usual, settings, now)
    found = {profile.version: references.of(profile.version) for profile in observation.profiles}
    others: dict[Path, set[int | None]] = {}
    for version, held in found.items():
        if held.folder != usual.folder:
            others.setdefault(held.folder, set()).add(version)
    profiles = list(observation.profiles)
    for versions in others.values():
        again = _observe(files, found[next(iter(versions))], settings, now)
        counted = {_place(profile): profile for profile in again.profiles}
        profiles = [
            counted[_place(profile)] if profile.version in versions else profile
            for profile in profiles
        ]
    return replace(observation, profiles=tuple(profiles))


def _place(profile: WindowProfile) -> tuple[str, int | None, datetime]:
    return profile.model, profile.version, profile.window_start


def _observe(
    files: list[str], held: HeldAgainst, settings: TurnSettings, now: datetime
) -> Observation:
    from serving.monitor.observe_settings import ObserveSettings
    from serving.monitor.windows import IN_PROCESS, observe

    return observe(
        files,
        ObserveSettings.of(
            held.reference,
            span_seconds=round(settings.span.total_seconds()),
            seed=settings.checks.seed,
            now=round(now.timestamp()),
        ),
        settings.beam_args or IN_PROCESS,
        None if settings.results is None else str(settings.results),
    )


def _judge_all(
    profiles: Iterable[WindowProfile],
    references: References,
    settings: TurnSettings,
    now: datetime,
) -> Iterable[CheckedWindow]:
    before: dict[Key, WindowProfile] = {}
    for profile in profiles:
        key = (profile.model, profile.version)
        if settings.last is None or profile.window_end > now - settings.last:
            yield _judge(profile, before.get(key), references.of(profile.version), settings.checks)
        before[key] = profile


def _judge(
    profile: WindowProfile,
    previous: WindowProfile | None,
    held: HeldAgainst,
    checks: CheckSettings,
) -> CheckedWindow:
    from serving.monitor.checks import check_window
    from serving.monitor.embedding import add_embeddings

    notes = [held.note] if held.note else []
    if held.model is not None and profile.requests >= checks.least_requests:
        try:
            profile = add_embeddings(profile, held.model)
        except InputError as error:
            notes.append(f"What the network sees was not checked: {error}")
    verdict = check_window(profile, previous, held.reference, checks)
    verdict = _with_notes(verdict, notes)
    return CheckedWindow(profile, previous, held.reference, verdict)


def _with_notes(verdict: WindowVerdict, notes: list[str]) -> WindowVerdict:
    return replace(verdict, notes=(*notes, *verdict.notes))
