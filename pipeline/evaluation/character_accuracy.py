"""Share of characters that are named right.

Between Evaluator and `judge.py`.
"""

from typing import ClassVar

from tensorflow_model_analysis.metrics import metric_types

from pipeline.evaluation.ratio_metric import RatioMetric
from pipeline.gate import ACCURACY


class CharacterAccuracy(RatioMetric):
    """Accuracy; labels and predictions are single characters, string [n]."""

    rates: ClassVar = (ACCURACY,)

    @staticmethod
    def count(truth: str, prediction: str) -> dict[str, tuple[int, int]]:
        """Returns what one character adds: 1 where it is named right, and 1 for itself."""
        return {ACCURACY: (int(truth == prediction), 1)}


metric_types.register_metric(CharacterAccuracy)
