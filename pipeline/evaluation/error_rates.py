"""How wrongly lines are read: corpus character and word error rate, their parts, exact lines.

Between Evaluator and `judge.py`.
"""

from typing import ClassVar

from tensorflow_model_analysis.metrics import metric_types

from pipeline.evaluation.ratio_metric import RatioMetric
from pipeline.gate import CER, DELETIONS, EXACT, INSERTIONS, SUBSTITUTIONS, WER
from transforms.edit_distance import count_edits


class ErrorRates(RatioMetric):
    """Rates of lines; labels and predictions are texts, string [n]."""

    rates: ClassVar = (CER, WER, SUBSTITUTIONS, INSERTIONS, DELETIONS, EXACT)

    @staticmethod
    def count(truth: str, prediction: str) -> dict[str, tuple[int, int]]:
        """Returns what one line adds: edits over the reference length, and 1 where it is exact."""
        edits = count_edits(truth, prediction)
        return {
            CER: (edits.character_edits, edits.characters),
            WER: (edits.word_edits, edits.words),
            SUBSTITUTIONS: (edits.substitutions, edits.characters),
            INSERTIONS: (edits.insertions, edits.characters),
            DELETIONS: (edits.deletions, edits.characters),
            EXACT: (int(truth == prediction), 1),
        }


metric_types.register_metric(ErrorRates)
