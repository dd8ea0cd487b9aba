"""Share of characters that are named right.

Between Evaluator and `verdict.py`.
"""

from typing import Any

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types, metric_util

from pipeline.evaluation.ratio_metric import rate_computations
from pipeline.gate import ACCURACY


class CharacterAccuracy(metric_types.Metric):
    """Accuracy with its interval, and the number of characters.

    Labels and predictions are single characters, string [n].

    Args:
      level: confidence level of the interval.
      version: a hash of the code that computes it; another one makes cached results stale.
    """

    def __init__(self, level: float = 0.95, version: str = "") -> None:
        super().__init__(
            metric_util.merge_per_key_computations(_accuracy), level=level, version=version
        )


metric_types.register_metric(CharacterAccuracy)


def count_right(truth: str, named: str) -> dict[str, tuple[int, int]]:
    """Returns what one character adds: 1 where it is named right, and 1 for itself."""
    return {ACCURACY: (int(truth == named), 1)}


def _accuracy(
    level: float,
    version: str,
    eval_config: tfma.EvalConfig | None = None,
    model_name: str = "",
    output_name: str = "",
    **_: Any,
) -> metric_types.MetricComputations:
    return rate_computations((ACCURACY,), count_right, level, eval_config, model_name, output_name)
