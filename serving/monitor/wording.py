"""How verdicts are put into words: one sentence first, for people who have just been woken."""

from datetime import datetime, timedelta

from schema import features, request_features
from serving.monitor import findings
from serving.monitor.findings import Finding, WindowVerdict

TITLES = {
    features.IMAGE_HEIGHT: "picture height",
    features.IMAGE_WIDTH: "picture width",
    features.ASPECT: "width over height",
    features.INK_RATIO: "share of ink",
    features.BRIGHTNESS_MEAN: "mean brightness",
    features.BRIGHTNESS_DEVIATION: "contrast",
    features.SHARPNESS: "sharpness",
    request_features.IMAGE_FORMAT: "picture format",
    request_features.CONFIDENCE: "confidence",
    request_features.READING_LENGTH: "length of the reading",
    request_features.CHARACTERS: "characters read",
    request_features.UNKNOWN_WORD_SHARE: "share of unknown words",
    request_features.LATENCY_MS: "latency",
}
"""Feature -> what to call it; one that is not here goes by its key, spaces for underscores."""

UNITS = {
    features.IMAGE_HEIGHT: "pixels",
    features.IMAGE_WIDTH: "pixels",
    request_features.READING_LENGTH: "characters",
    request_features.LATENCY_MS: "ms",
}
"""Feature -> the unit of its values, where it has one."""

CHECK_TITLES = {
    findings.SCHEMA: "schema",
    findings.SKEW: "all features together",
    findings.DRIFT: "all features together",
    findings.EMBEDDING: "what the network sees",
    findings.CONFIDENCE: "unsure readings",
    findings.ERROR_RATE: "character error rate",
}
"""Check -> what to call what it looks at, where that is no feature alone."""

_HELD_AGAINST = {findings.SCHEMA: "schema", findings.DRIFT: "window before"}

_SHORT = timedelta(hours=1)
_NAMED = 3
"""Findings that the one sentence names; the table has them all."""


def model_name(verdict: WindowVerdict) -> str:
    """Returns as in "lines, version 7"."""
    version = "unknown" if verdict.version is None else verdict.version
    return f"{verdict.model}, version {version}"


def feature_title(feature: str) -> str:
    """Returns what to call a feature, as in "mean brightness"."""
    return TITLES.get(feature, feature.replace("_", " "))


def finding_title(finding: Finding) -> str:
    """Returns as in "mean brightness" or, where a check looks at no feature alone, the check."""
    return feature_title(finding.feature) if finding.feature else CHECK_TITLES[finding.check]


def held_against(finding: Finding) -> str:
    """Returns what a finding was held against: "reference", "window before" or "schema"."""
    return _HELD_AGAINST.get(finding.check, "reference")


def state(verdict: WindowVerdict) -> str:
    """Returns "drift", "fine" or, where nothing could be checked, "not checked"."""
    if verdict.alarm:
        return "drift"
    return "fine" if verdict.findings else "not checked"


def short(verdict: WindowVerdict) -> str:
    """Returns what happened to which model, and what shows it most, without an end mark."""
    who = model_name(verdict)
    if not verdict.findings:
        return f"{who}: nothing could be checked"
    alarms = [finding for finding in verdict.ordered if finding.alarm]
    if not alarms:
        return f"{who}: what comes in is what the model learned"
    titles = list(dict.fromkeys(finding_title(finding) for finding in alarms))
    named = ", ".join(titles[:_NAMED])
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return f"{who}: what comes in has changed ({named}{more})"


def when(verdict: WindowVerdict) -> str:
    """Returns as in "2026-11-28 09:00 to 17:30 UTC, 500 requests"."""
    requests = f"{verdict.requests:,} request{'' if verdict.requests == 1 else 's'}"
    return f"{span(verdict.start, verdict.end)}, {requests}"


def sentence(verdict: WindowVerdict) -> str:
    """Returns the one sentence: what happened to which model, and when."""
    reason = "" if verdict.findings or not verdict.notes else f" ({verdict.notes[0].rstrip('.')})"
    return f"{short(verdict)}{reason}, {when(verdict)}."


def span(start: datetime, end: datetime) -> str:
    """Returns a span of time in UTC: "2026-11-28 09:00 to 17:30 UTC"; seconds of a short one."""
    clock = "%H:%M" if end - start >= _SHORT else "%H:%M:%S"
    until = end.strftime(clock if start.date() == end.date() else f"%Y-%m-%d {clock}")
    return f"{start.strftime(f'%Y-%m-%d {clock}')} to {until} UTC"
