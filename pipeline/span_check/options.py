"""What becomes of a span that is unlike the last one, as part of the configuration."""

from dataclasses import dataclass

from schema.errors import InputError

STOP, WARN = "stop", "warn"
POLICIES = (STOP, WARN)
"""A skewed span ends the run before anything is trained; or it is told, and trained on."""


@dataclass(frozen=True)
class SpanCheckOptions:
    """How strictly a span is held against the last one.

    How far a feature may move at all is the `drift_comparator` of the curated schema.

    Args:
      span_policy: `STOP` or `WARN`.
      span_false_alarms: how often spans of the very same distribution may be told apart by chance,
        over all features and splits together, 0..1.

    Raises:
      InputError: a value is none of these.
    """

    span_policy: str = WARN
    span_false_alarms: float = 0.01

    def __post_init__(self) -> None:
        if self.span_policy not in POLICIES:
            raise InputError(
                f"expected span_policy to be {' or '.join(POLICIES)}, got {self.span_policy!r}: "
                "choose one"
            )
        if not 0 < self.span_false_alarms < 1:
            raise InputError(
                f"expected 0 < span_false_alarms < 1, got {self.span_false_alarms}: correct it"
            )
