"""What a model must reach on the test split to be pushed, for each task; light to import."""

import abc
import json
from dataclasses import asdict, dataclass, fields

from schema.errors import InputError

CER, WER, EXACT = "cer", "wer", "exact_lines"
SUBSTITUTIONS, INSERTIONS, DELETIONS = "substitutions", "insertions", "deletions"
ACCURACY = "accuracy"
LINE_F1, LINE_PRECISION, LINE_RECALL = "line_f1", "line_precision", "line_recall"
LINE_COUNT_ERROR = "line_count_error"
"""Names of the metrics, as TFMA, the JSON line and the report have them."""

LOWER, UPPER, CHANGE = "_lower", "_upper", "_change"
"""Ends of the names under which TFMA has the bounds of a metric and of its change."""

EXAMPLES, UNITS = "examples", "units"
"""Names of the metrics that count what is behind the others."""

_HIGHER_IS_BETTER = {EXACT, ACCURACY, LINE_F1, LINE_PRECISION, LINE_RECALL}

REFUSE, ABSOLUTE = "refuse", "absolute"
BROKEN_BASELINE_POLICIES = (REFUSE, ABSOLUTE)
"""What becomes of a model whose baseline cannot be measured: it is refused, or the limits alone
decide."""


def is_lower_better(metric: str) -> bool:
    """Tells whether small values of a metric are good."""
    return metric not in _HIGHER_IS_BETTER


@dataclass(frozen=True)
class Bound:
    """What the gate holds a metric to.

    Args:
      limit: the worst value that may be pushed.
      tolerance: how much worse than the baseline's it may be.
      decisive: whether the interval of the difference must rule out more than the tolerance.
      slice_limit: a slice is not pushed where its interval lies on the bad side of this; None for
        no such limit.
      slice_tolerance: nor where the interval of its difference lies beyond this.
    """

    limit: float
    tolerance: float
    decisive: bool = False
    slice_limit: float | None = None
    slice_tolerance: float | None = None


@dataclass(frozen=True)
class SliceLimit:
    """The worst value of the decisive metric that one slice may have.

    Args:
      feature: that the slice is of, as in "writer".
      value: of the feature.
      limit: the worst value that may be pushed.
    """

    feature: str
    value: str
    limit: float


def parse_slice_limits(text: str) -> tuple[SliceLimit, ...]:
    """Reads limits as a user writes them, "writer=w3:0.2,vocabulary=unseen:0.1".

    Raises:
      ValueError: the text is of another form.
    """
    limits = []
    for part in text.split(","):
        name, colon, limit = part.rpartition(":")
        feature, equals, value = name.partition("=")
        if not (colon and equals and feature.strip()):
            raise ValueError(text)
        limits.append(SliceLimit(feature.strip(), value.strip(), float(limit)))
    return tuple(limits)


@dataclass(frozen=True)
class Gate(abc.ABC):
    """Of every task.

    Args:
      confidence_level: of the intervals; half of the rest is the risk that a model worse than the
        tolerance allows is pushed.
      resamples: how many resamples of the test split the intervals rest on.
      slice_limits: limits of single slices, which must then have examples.
      broken_baseline: one of `BROKEN_BASELINE_POLICIES`.
    """

    confidence_level: float = 0.95
    resamples: int = 1000
    slice_limits: tuple[SliceLimit, ...] = ()
    broken_baseline: str = REFUSE

    def __post_init__(self) -> None:
        if not 0 < self.confidence_level < 1:
            raise InputError(
                f"expected 0 < confidence_level < 1, got {self.confidence_level}: correct it"
            )
        if self.resamples < 100:
            raise InputError(f"expected resamples >= 100, got {self.resamples}: correct it")
        if self.broken_baseline not in BROKEN_BASELINE_POLICIES:
            raise InputError(
                f"expected broken_baseline to be {' or '.join(BROKEN_BASELINE_POLICIES)}, got "
                f"{self.broken_baseline!r}: choose one"
            )
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not value >= 0:
                raise InputError(f"expected {field.name} >= 0, got {value}: correct it")

    @abc.abstractmethod
    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to, the decisive one first."""

    @property
    def decisive(self) -> str:
        """The metric that decides."""
        return next(name for name, bound in self.bounds().items() if bound.decisive)


@dataclass(frozen=True)
class LineGate(Gate):
    """Of line recognisers; rates are fractions.

    Args:
      max_cer, max_wer: a rate above is not pushed.
      cer_tolerance, wer_tolerance: how much higher than the baseline's a rate may be.
      max_slice_cer: a slice whose CER is certainly above is not pushed.
      slice_cer_tolerance: nor one whose CER is certainly more than this above the baseline's.
    """

    max_cer: float = 0.25
    max_wer: float = 0.70
    cer_tolerance: float = 0.005
    wer_tolerance: float = 0.02
    max_slice_cer: float = 0.75
    slice_cer_tolerance: float = 0.02

    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to."""
        return {
            CER: Bound(
                self.max_cer,
                self.cer_tolerance,
                decisive=True,
                slice_limit=self.max_slice_cer,
                slice_tolerance=self.slice_cer_tolerance,
            ),
            WER: Bound(self.max_wer, self.wer_tolerance),
        }


@dataclass(frozen=True)
class CharacterGate(Gate):
    """Of character recognisers; accuracies are fractions.

    Args:
      min_accuracy: an accuracy below is not pushed.
      accuracy_tolerance: how much lower than the baseline's it may be.
      min_slice_accuracy: a slice whose accuracy is certainly below is not pushed.
      slice_accuracy_tolerance: nor one whose accuracy is certainly more than this below the
        baseline's.
    """

    min_accuracy: float = 0.60
    accuracy_tolerance: float = 0.01
    min_slice_accuracy: float = 0.20
    slice_accuracy_tolerance: float = 0.03

    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to."""
        return {
            ACCURACY: Bound(
                self.min_accuracy,
                self.accuracy_tolerance,
                decisive=True,
                slice_limit=self.min_slice_accuracy,
                slice_tolerance=self.slice_accuracy_tolerance,
            )
        }


@dataclass(frozen=True)
class DetectorGate(Gate):
    """Of line detectors; all are fractions, a line found where boxes overlap by half.

    Args:
      min_line_f1, min_line_precision, min_line_recall: a value below is not pushed.
      max_line_count_error: a mean difference between lines found and lines there, as a share of
        the lines there, above is not pushed.
      line_f1_tolerance, line_precision_tolerance, line_recall_tolerance,
      line_count_error_tolerance: how much worse than the baseline's each may be. Test pages are
        few, so that a page more or less is a point or two.
    """

    min_line_f1: float = 0.70
    min_line_precision: float = 0.60
    min_line_recall: float = 0.60
    max_line_count_error: float = 0.35
    line_f1_tolerance: float = 0.04
    line_precision_tolerance: float = 0.04
    line_recall_tolerance: float = 0.04
    line_count_error_tolerance: float = 0.05

    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to."""
        return {
            LINE_F1: Bound(self.min_line_f1, self.line_f1_tolerance, decisive=True),
            LINE_PRECISION: Bound(self.min_line_precision, self.line_precision_tolerance),
            LINE_RECALL: Bound(self.min_line_recall, self.line_recall_tolerance),
            LINE_COUNT_ERROR: Bound(self.max_line_count_error, self.line_count_error_tolerance),
        }


def gate_to_json(gate: Gate) -> str:
    """Writes a gate as TFX's properties can hold it."""
    return json.dumps(asdict(gate), sort_keys=True)


def gate_from_json(text: str, kind: type[Gate]) -> Gate:
    """Reads what `gate_to_json` wrote."""
    values = json.loads(text)
    values["slice_limits"] = tuple(SliceLimit(**each) for each in values["slice_limits"])
    return kind(**values)
