"""Verdicts as JSON and back: for programs, for webhooks, and for alerts that wait on the disk."""

import math
from datetime import datetime
from typing import Any

from serving.monitor.findings import Finding, WindowVerdict


def verdict_to_json(verdict: WindowVerdict) -> dict[str, Any]:
    """Returns plain values that `json.dumps` takes; times are ISO 8601 with their offset.

    A number that is not finite becomes null: JSON has no word for it, the finding's message does.
    """
    return {
        "model": verdict.model,
        "version": verdict.version,
        "start": verdict.start.isoformat(),
        "end": verdict.end.isoformat(),
        "requests": verdict.requests,
        "alarm": verdict.alarm,
        "findings": [finding_to_json(finding) for finding in verdict.findings],
        "notes": list(verdict.notes),
    }


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Returns plain values, likewise."""
    return {
        "check": finding.check,
        "feature": finding.feature,
        "measured": _finite(finding.measured),
        "threshold": _finite(finding.threshold),
        "p_value": _finite(finding.p_value),
        "alarm": finding.alarm,
        "message": finding.message,
    }


def verdict_from_json(content: dict[str, Any]) -> WindowVerdict:
    """Returns the verdict that `verdict_to_json` told of.

    Raises:
      KeyError, TypeError, ValueError: it is none.
    """
    return WindowVerdict(
        model=content["model"],
        version=content["version"],
        start=datetime.fromisoformat(content["start"]),
        end=datetime.fromisoformat(content["end"]),
        requests=content["requests"],
        findings=tuple(Finding(**finding) for finding in content["findings"]),
        notes=tuple(content["notes"]),
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
