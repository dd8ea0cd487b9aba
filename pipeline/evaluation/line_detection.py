"""How well the lines of pages are found: F1, precision, recall and the error of the lines' number.

Between Evaluator and `verdict.py`. Every figure is a sum over all pages over another: F1, for one,
is twice the lines found over lines there and boxes together. Pages are the sampling unit of the
intervals, for lines of a page are found or missed together.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types, metric_util

from pipeline.evaluation.ratio_metric import rate_computations
from pipeline.gate import LINE_COUNT_ERROR, LINE_F1, LINE_PRECISION, LINE_RECALL
from schema import line_bands
from transforms.box_matching import match_boxes

RATES = (LINE_F1, LINE_PRECISION, LINE_RECALL, LINE_COUNT_ERROR)


class LineDetection(metric_types.Metric):
    """The four figures with their intervals, and the number of pages.

    Labels are rows of `schema.line_bands`, string [n]; predictions are boxes, float32
    [n, m, 4], padded with -1.

    Args:
      level: confidence level of the intervals.
      version: a hash of the code that computes them; another one makes cached results stale.
    """

    def __init__(self, level: float = 0.95, version: str = "") -> None:
        super().__init__(
            metric_util.merge_per_key_computations(_detection), level=level, version=version
        )


metric_types.register_metric(LineDetection)


def count_lines(packed: bytes, boxes: np.ndarray) -> dict[str, tuple[int, int]]:
    """Returns what one page adds to each figure.

    Args:
      packed: the page's rows.
      boxes: [m, 4], those that were found.
    """
    rows = line_bands.unpack_rows(packed)
    counted = rows[:, line_bands.COUNTED] > 0
    matching = match_boxes(boxes, rows[counted, line_bands.BOX], rows[~counted, line_bands.BOX])
    return {
        LINE_F1: (2 * matching.hits, matching.boxes + matching.lines),
        LINE_PRECISION: (matching.hits, matching.boxes),
        LINE_RECALL: (matching.hits, matching.lines),
        LINE_COUNT_ERROR: (abs(matching.boxes - matching.lines), matching.lines),
    }


def pair_pages(labels: np.ndarray, boxes: np.ndarray) -> Iterable[tuple[bytes, np.ndarray]]:
    """Takes pages out of TFMA's arrays, and the padding out of their boxes."""
    packed = labels.ravel()
    for page, found in zip(packed, boxes.reshape(len(packed), -1, 4), strict=True):
        yield page, found[found[:, 0] >= 0]


def _detection(
    level: float,
    version: str,
    eval_config: tfma.EvalConfig | None = None,
    model_name: str = "",
    output_name: str = "",
    **_: Any,
) -> metric_types.MetricComputations:
    return rate_computations(
        RATES, count_lines, level, eval_config, model_name, output_name, pair_pages
    )
