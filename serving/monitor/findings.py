"""What the checks found: plain values that the report, the metrics and the alerts all tell from."""

import math
from dataclasses import dataclass
from datetime import datetime

SCHEMA = "schema"
"""Values that the schema does not allow in the SERVING environment."""
SKEW = "skew"
"""The distribution of a feature now, against the reference that was learned with the model."""
DRIFT = "drift"
"""The distribution of a feature now, against the window before."""
EMBEDDING = "embedding"
"""What the network's trunk makes of the pictures, against the reference."""
CONFIDENCE = "confidence"
"""The share of readings below the low-confidence mark, against the reference."""
ERROR_RATE = "error_rate"
"""The character error rate on a labelled sample, against the one measured before the push."""
CHECKS = (SCHEMA, SKEW, DRIFT, EMBEDDING, CONFIDENCE, ERROR_RATE)


@dataclass(frozen=True)
class Finding:
    """One thing that was measured and held against a threshold.

    Args:
      check: one of `CHECKS`.
      feature: the key of `schema.features` or `schema.request_features`; None where the check
        looks at none alone.
      measured: the divergence, discrepancy, share or rate; None where the check counts nothing.
      threshold: above it is an alarm; None likewise.
      p_value: of so high a measure on clean data, 0..1; None where it is not known.
      alarm: whether this finding alone is reason enough to alert.
      message: one sentence, with the numbers.
    """

    check: str
    feature: str | None
    measured: float | None
    threshold: float | None
    p_value: float | None
    alarm: bool
    message: str

    @property
    def excess(self) -> float:
        """How many times its threshold it measures; 0 where it counts nothing, or no number."""
        if self.measured is None or math.isnan(self.measured) or not self.threshold:
            return 0.0
        return self.measured / self.threshold


@dataclass(frozen=True)
class WindowVerdict:
    """All findings on the requests that one model version answered within one span of time.

    Args:
      model: its name.
      version: None where the log does not tell it.
      start, end: when the first and the last of the requests were answered, UTC.
      requests: how many were logged.
      findings: those that raise an alarm first.
      notes: what could not be checked, and why, one sentence each.
    """

    model: str
    version: int | None
    start: datetime
    end: datetime
    requests: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def ordered(self) -> tuple[Finding, ...]:
        """All findings: alarms first, and the farthest over its threshold first."""
        return tuple(sorted(self.findings, key=lambda each: (not each.alarm, -each.excess)))

    @property
    def alarm(self) -> bool:
        """Whether anything found is reason to alert."""
        return any(finding.alarm for finding in self.findings)
