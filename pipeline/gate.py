"""What a model must reach on the test split to be pushed, for each task; light to import."""

import abc
from dataclasses import dataclass, fields

from schema.errors import InputError

CER, WER, ACCURACY = "cer", "wer", "accuracy"
LINE_F1, LINE_PRECISION, LINE_RECALL = "line_f1", "line_precision", "line_recall"
LINE_COUNT_ERROR = "line_count_error"
"""Names of the metrics, as TFMA, the JSON line and the report have them."""


@dataclass(frozen=True)
class Bound:
    """What the gate holds a metric to.

    Args:
      limit: the worst value that may be pushed.
      tolerance: how much worse than the latest blessed model's it may be.
      lower_is_better: whether small values are good.
    """

    limit: float
    tolerance: float
    lower_is_better: bool = True


@dataclass(frozen=True)
class Gate(abc.ABC):
    """Of every task.

    Args:
      confidence_level: of the intervals reported with each metric.
    """

    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.confidence_level < 1:
            raise InputError(
                f"expected 0 < confidence_level < 1, got {self.confidence_level}: correct it"
            )
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise InputError(
                    f"expected {field.name} >= 0, got {getattr(self, field.name)}: correct it"
                )

    @abc.abstractmethod
    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to."""


@dataclass(frozen=True)
class LineGate(Gate):
    """Of line recognisers; rates are fractions.

    Args:
      max_cer, max_wer: a rate above is not pushed.
      cer_tolerance, wer_tolerance: how much higher than the latest blessed model's a rate may be.
    """

    max_cer: float = 0.25
    max_wer: float = 0.70
    cer_tolerance: float = 0.005
    wer_tolerance: float = 0.02

    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to."""
        return {
            CER: Bound(self.max_cer, self.cer_tolerance),
            WER: Bound(self.max_wer, self.wer_tolerance),
        }


@dataclass(frozen=True)
class CharacterGate(Gate):
    """Of character recognisers; accuracies are fractions.

    Args:
      min_accuracy: an accuracy below is not pushed.
      accuracy_tolerance: how much lower than the latest blessed model's it may be.
    """

    min_accuracy: float = 0.60
    accuracy_tolerance: float = 0.005

    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to."""
        return {ACCURACY: Bound(self.min_accuracy, self.accuracy_tolerance, lower_is_better=False)}


@dataclass(frozen=True)
class DetectorGate(Gate):
    """Of line detectors; all are fractions, a line found where boxes overlap by half.

    Args:
      min_line_f1, min_line_precision, min_line_recall: a value below is not pushed.
      max_line_count_error: a mean difference between lines found and lines there, as a share of
        the lines there, above is not pushed.
      line_f1_tolerance, line_precision_tolerance, line_recall_tolerance,
      line_count_error_tolerance: how much worse than the latest blessed model's each may be. Test
        pages are few, so that a page more or less is a point or two.
    """

    min_line_f1: float = 0.70
    min_line_precision: float = 0.60
    min_line_recall: float = 0.60
    max_line_count_error: float = 0.35
    line_f1_tolerance: float = 0.02
    line_precision_tolerance: float = 0.04
    line_recall_tolerance: float = 0.04
    line_count_error_tolerance: float = 0.05

    def bounds(self) -> dict[str, Bound]:
        """Returns metric -> what it is held to."""
        return {
            LINE_F1: Bound(self.min_line_f1, self.line_f1_tolerance, lower_is_better=False),
            LINE_PRECISION: Bound(
                self.min_line_precision, self.line_precision_tolerance, lower_is_better=False
            ),
            LINE_RECALL: Bound(
                self.min_line_recall, self.line_recall_tolerance, lower_is_better=False
            ),
            LINE_COUNT_ERROR: Bound(self.max_line_count_error, self.line_count_error_tolerance),
        }
