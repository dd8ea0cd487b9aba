"""How the checks are set: one rate of false alarms for all of them together."""

from dataclasses import dataclass

from schema.errors import InputError


@dataclass(frozen=True)
class CheckSettings:
    """What decides how windows are judged, beside the reference.

    Args:
      false_alarm_rate: of the windows of clean requests, the share that may raise an alarm. All
        checks and features share it.
      least_requests: a window with fewer is not judged.
      share_floor: the least rise of the share of unsure readings that anybody cares for.
      error_floor: the least rise of the character error rate.
      resamples: of the reference, from which thresholds are learned. The rarest of the alarms of
        some fifteen features rests on `resamples * false_alarm_rate / 15` of them.
      permutations: of the embeddings.
      seed: decides both.
    """

    false_alarm_rate: float = 0.01
    least_requests: int = 50
    share_floor: float = 0.02
    error_floor: float = 0.005
    resamples: int = 6000
    permutations: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm_rate < 0.5:
            raise InputError(
                f"expected a false-alarm rate above 0 and below 0.5, got {self.false_alarm_rate}: "
                "0.01 lets one clean window in a hundred raise an alarm"
            )
        for name in ("least_requests", "resamples", "permutations"):
            if getattr(self, name) < 1:
                raise InputError(f"expected {name} >= 1, got {getattr(self, name)}: correct it")
