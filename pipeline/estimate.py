"""A measured figure with its confidence interval, as every record of results has it."""

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Estimate:
    """A measured value with its confidence interval (all three in the metric's own unit)."""

    value: float
    lower: float
    upper: float

    def as_json(self) -> dict[str, float | None]:
        """Returns the three by name; what is not a finite number becomes null."""
        return {key: value if math.isfinite(value) else None for key, value in asdict(self).items()}
