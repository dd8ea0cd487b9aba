"""Outcomes of turns, each a short call."""

from datetime import datetime, time, timedelta, timezone

from serving.monitor.outcome import CheckedWindow, Outcome
from serving.monitor.profile import Observation, WindowProfile
from tests.serving.monitor.verdicts import DAY


def window(verdict, previous=None, reference=None, **profile):
    """Returns a checked window of the verdict's day."""
    start = datetime.combine(verdict.start.date(), time(), timezone.utc)
    values = {
        "model": verdict.model,
        "version": verdict.version,
        "kind": "lines",
        "window_start": start,
        "window_end": start + timedelta(days=1),
        "first": verdict.start,
        "last": verdict.end,
        "requests": verdict.requests,
        "estimated_requests": float(verdict.requests),
    }
    return CheckedWindow(WindowProfile(**(values | profile)), previous, reference, verdict)


def outcome(*windows, troubles=(), hours=0, **observation):
    """Returns the outcome of a turn that ended some hours after the second day."""
    values = {
        "profiles": tuple(each.profile for each in windows),
        "quiet": (),
        "files": 1,
        "records": 500,
        "unusable": {},
        "file_problems": (),
        "damages": 0,
        "lost_bytes": 0,
    }
    return Outcome(
        DAY + timedelta(days=2, hours=hours),
        ("/var/log/serving/lines",),
        windows,
        Observation(**(values | observation)),
        tuple(troubles),
    )
