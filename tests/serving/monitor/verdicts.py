"""Verdicts for the tests of what tells of them, each a short call."""

from datetime import datetime, timedelta, timezone

from schema.features import BRIGHTNESS_MEAN
from serving.monitor.findings import SKEW, Finding, WindowVerdict

DAY = datetime(2026, 11, 27, tzinfo=timezone.utc)


def finding(alarm=True, check=SKEW, feature=BRIGHTNESS_MEAN, **others):
    """Returns a finding on the mean brightness, above its threshold."""
    values = {
        "measured": 0.31 if alarm else 0.01,
        "threshold": 0.05,
        "p_value": 0.001 if alarm else 0.6,
        "message": f"{feature or check} is {'far' if alarm else 'not'} off.",
    }
    return Finding(check=check, feature=feature, alarm=alarm, **(values | others))


def verdict(*findings, day=0, version=7, model="lines", notes=(), requests=500):
    """Returns a verdict on the requests of a day from `DAY` on, 09:00 to 17:30."""
    start = DAY + timedelta(days=day)
    return WindowVerdict(
        model,
        version,
        start + timedelta(hours=9),
        start + timedelta(hours=17.5),
        requests,
        findings,
        tuple(notes),
    )


def alarm(**options):
    """Returns a verdict with one alarm."""
    return verdict(finding(), finding(alarm=False, feature="sharpness"), **options)


def fine(**options):
    """Returns a verdict that finds nothing wrong."""
    return verdict(finding(alarm=False), **options)
