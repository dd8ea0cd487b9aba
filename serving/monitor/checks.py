"""Judges a window: what was measured of its requests, held against what clean ones reach.

After `windows` and before whatever tells of it. The false-alarm rate is one setting: the groups of
checks share it alike, and within a group all features do (`thresholds`).
"""

from serving.monitor.distribution_checks import check_distributions
from serving.monitor.findings import Finding, WindowVerdict
from serving.monitor.profile import WindowProfile
from serving.monitor.reference import Reference
from serving.monitor.sample_checks import (
    LEAST_LABELLED,
    check_embeddings,
    check_error_rate,
    why_no_embeddings,
)
from serving.monitor.settings import CheckSettings


def check_window(
    profile: WindowProfile,
    previous: WindowProfile | None,
    reference: Reference,
    settings: CheckSettings,
) -> WindowVerdict:
    """Runs every check that the window has the numbers for.

    Args:
      profile: of the window.
      previous: of the window before it of the same model version, to see drift; None without one.
      reference: the clean sample.
      settings: of the checks.

    Returns:
      the verdict; without findings where the window has too few requests to be judged.

    Raises:
      InputError: the reference's schema is damaged.
    """
    if profile.requests < settings.least_requests:
        note = (
            f"expected at least {settings.least_requests} requests to judge a window by, got "
            f"{profile.requests}"
        )
        return _verdict(profile, [], [note])
    notes = []
    if previous is None:
        notes.append("there is no window before: drift was not looked at")
    elif previous.requests < settings.least_requests:
        notes.append(
            f"the window before has {previous.requests} requests: too few to look at drift"
        )
        previous = None
    missing = why_no_embeddings(profile, reference)
    labelled = len(profile.edits) >= LEAST_LABELLED and len(reference.edits) > 0
    groups = 1 + (previous is not None) + (missing is None) + labelled
    rate = settings.false_alarm_rate / groups
    findings, more = check_distributions(profile, previous, reference, settings, rate)
    notes += more
    if missing is None:
        findings.append(check_embeddings(profile, reference, settings, rate))
    else:
        notes.append(missing)
    if labelled:
        findings.append(check_error_rate(profile, reference, settings, rate))
    elif len(profile.edits):
        notes.append(_why_no_error_rate(profile))
    return _verdict(profile, findings, notes)


def _why_no_error_rate(profile: WindowProfile) -> str:
    if len(profile.edits) < LEAST_LABELLED:
        return (
            f"{len(profile.edits)} requests are labelled, and {LEAST_LABELLED} are needed to look "
            "at their error rate"
        )
    return "the reference has no error rate to compare with"


def _verdict(profile: WindowProfile, findings: list[Finding], notes: list[str]) -> WindowVerdict:
    def weight(finding: Finding) -> tuple[bool, float]:
        return (not finding.alarm, finding.p_value or 0.0)

    return WindowVerdict(
        model=profile.model,
        version=profile.version,
        start=profile.first,
        end=profile.last,
        requests=profile.requests,
        findings=tuple(sorted(findings, key=weight)),
        notes=tuple(notes),
    )
