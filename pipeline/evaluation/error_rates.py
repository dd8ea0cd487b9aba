"""Corpus character and word error rate: edits over reference lengths, summed over lines.

Between Evaluator and `verdict.py`.
"""

from typing import ClassVar

from tensorflow_model_analysis.metrics import metric_types

from pipeline.evaluation.ratio_metric import RatioMetric
from pipeline.gate import CER, WER
from transforms.edit_distance import count_edits


class ErrorRates(RatioMetric):
    """CER and WER of lines; labels and predictions are texts, string [n]."""

    rates: ClassVar = (CER, WER)

    @staticmethod
    def count(truth: str, prediction: str) -> dict[str, tuple[int, int]]:
        """Returns what one line adds to each rate: edits, and the reference length."""
        edits = count_edits(truth, prediction)
        return {
            CER: (edits.character_edits, edits.characters),
            WER: (edits.word_edits, edits.words),
        }


metric_types.register_metric(ErrorRates)
