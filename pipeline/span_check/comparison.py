"""What came of holding a span against the last one, as the file that it leaves; light to import."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schema.errors import InputError

COMPARISON_FILE = "comparison.json"
"""In the folder of the span check's artifact."""

_NAMED = 3


@dataclass(frozen=True)
class FeatureShift:
    """How far one feature of one split has moved.

    Args:
      feature: as in `schema.features`.
      split: of both spans.
      divergence: Jensen-Shannon, in bits: 0 for equal distributions, 1 for disjoint ones.
      threshold: what it may be: the schema's, or more where the spans are too small to tell.
      bins: what the shares are of, as in "24.8 to 27.8" or a category.
      last, now: the share of the examples in each bin, 0..1.
      last_median, now_median: None for categories.
    """

    feature: str
    split: str
    divergence: float
    threshold: float
    bins: tuple[str, ...]
    last: tuple[float, ...]
    now: tuple[float, ...]
    last_median: float | None = None
    now_median: float | None = None

    @property
    def skewed(self) -> bool:
        """Whether it has moved too far."""
        return self.divergence > self.threshold

    def describe(self) -> str:
        """Returns it in a few words, with the numbers."""
        told = (
            f"{self.feature} ({self.split}) diverges by {self.divergence:.2f}, "
            f"allowed {self.threshold:.2f}"
        )
        if self.last_median is None or self.now_median is None:
            return told
        return f"{told}, its median went from {self.last_median:.4g} to {self.now_median:.4g}"


@dataclass(frozen=True)
class SpanComparison:
    """A span against the last one.

    Args:
      policy: one of `options.POLICIES`.
      now: names the span, as in "Examples 12: labeled: span 4 version 1".
      last: names the last one; None where there is none yet, and nothing is compared.
      shifts: a feature of a split each, the most suspicious first.
      notes: what could not be compared, and why, one sentence each.
    """

    policy: str
    now: str
    last: str | None = None
    shifts: tuple[FeatureShift, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def skewed(self) -> tuple[FeatureShift, ...]:
        """What has moved too far."""
        return tuple(shift for shift in self.shifts if shift.skewed)

    def describe(self) -> str:
        """Returns what was found, in one line."""
        if self.last is None:
            return f"{self.now} is the first of this pipeline: nothing to compare it with"
        skewed = self.skewed
        if not skewed:
            return f"{self.now} is like {self.last}"
        rest = f"; {len(skewed) - _NAMED} more" if len(skewed) > _NAMED else ""
        named = "; ".join(shift.describe() for shift in skewed[:_NAMED])
        return f"{self.now} is unlike {self.last}: {named}{rest}"

    def as_json(self) -> dict[str, Any]:
        """Returns what the run's result tells."""
        return {
            "compared_with": self.last,
            "policy": self.policy,
            "skewed": [
                {
                    key: getattr(shift, key)
                    for key in ("feature", "split", "divergence", "threshold")
                }
                for shift in self.skewed
            ],
            "notes": list(self.notes),
        }


def write_comparison(comparison: SpanComparison, folder: Path) -> None:
    """Writes `COMPARISON_FILE`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(comparison), ensure_ascii=False, allow_nan=False, indent=1)
    (folder / COMPARISON_FILE).write_text(text, encoding="utf-8")


def read_comparison(folder: Path) -> SpanComparison:
    """Reads what `write_comparison` wrote.

    Raises:
      InputError: there is no such file, or one of another version of the project.
    """
    path = folder / COMPARISON_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        shifts = tuple(
            FeatureShift(**{key: _frozen(value) for key, value in shift.items()})
            for shift in content.pop("shifts")
        )
        return SpanComparison(**{k: _frozen(v) for k, v in content.items()}, shifts=shifts)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"expected a comparison as this version writes it, got another form in {path} "
            f"({type(error).__name__}: {error}): run the pipeline again"
        ) from error


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
