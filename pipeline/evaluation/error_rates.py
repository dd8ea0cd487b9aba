"""Corpus character and word error rate: edits over reference lengths, summed over lines.

Between Evaluator and `verdict.py`.
"""

from typing import Any

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types, metric_util

from pipeline.evaluation.ratio_metric import rate_computations
from pipeline.gate import CER, WER
from transforms.edit_distance import count_edits


class ErrorRates(metric_types.Metric):
    """CER and WER with their intervals, and the number of lines.

    Labels and predictions are texts, string [n].

    Args:
      level: confidence level of the intervals.
      version: a hash of the code that computes them; another one makes cached results stale.
    """

    def __init__(self, level: float = 0.95, version: str = "") -> None:
        super().__init__(
            metric_util.merge_per_key_computations(_error_rates), level=level, version=version
        )


metric_types.register_metric(ErrorRates)


def count_errors(truth: str, reading: str) -> dict[str, tuple[int, int]]:
    """Returns what one line adds to each rate: edits, and the reference length."""
    edits = count_edits(truth, reading)
    return {
        CER: (edits.character_edits, edits.characters),
        WER: (edits.word_edits, edits.words),
    }


def _error_rates(
    level: float,
    version: str,
    eval_config: tfma.EvalConfig | None = None,
    model_name: str = "",
    output_name: str = "",
    **_: Any,
) -> metric_types.MetricComputations:
    return rate_computations((CER, WER), count_errors, level, eval_config, model_name, output_name)
