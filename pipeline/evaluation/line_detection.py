"""How well the lines of pages are found: F1, precision, recall and the error of the lines' number.

Between Evaluator and `judge.py`. Every figure is a sum over all pages over another: F1, for one,
is twice the lines found over lines there and boxes together. Pages are the sampling unit of the
intervals, for lines of a page are found or missed together.
"""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from pipeline.evaluation.ratio_metric import RatioMetric
from pipeline.gate import LINE_COUNT_ERROR, LINE_F1, LINE_PRECISION, LINE_RECALL
from schema import line_bands
from transforms.box_matching import match_boxes


class LineDetection(RatioMetric):
    """The four figures of pages.

    Labels are rows of `schema.line_bands`, string [n]; predictions are boxes, float32
    [n, m, 4], padded with -1.
    """

    rates: ClassVar = (LINE_F1, LINE_PRECISION, LINE_RECALL, LINE_COUNT_ERROR)

    @staticmethod
    def count(truth: bytes, prediction: np.ndarray) -> dict[str, tuple[int, int]]:
        """Returns what one page adds to each figure.

        Args:
          truth: the page's rows.
          prediction: [m, 4], the boxes that were found.
        """
        rows = line_bands.unpack_rows(truth)
        counted = rows[:, line_bands.COUNTED] > 0
        lines, ignored = rows[counted, line_bands.BOX], rows[~counted, line_bands.BOX]
        matching = match_boxes(prediction, lines, ignored)
        return {
            LINE_F1: (2 * matching.hits, matching.boxes + matching.lines),
            LINE_PRECISION: (matching.hits, matching.boxes),
            LINE_RECALL: (matching.hits, matching.lines),
            LINE_COUNT_ERROR: (abs(matching.boxes - matching.lines), matching.lines),
        }

    @staticmethod
    def pairs(labels: np.ndarray, predictions: np.ndarray) -> Iterable[tuple[bytes, np.ndarray]]:
        """Takes pages out of TFMA's arrays, and the padding out of their boxes."""
        packed = labels.ravel()
        for page, found in zip(packed, predictions.reshape(len(packed), -1, 4), strict=True):
            yield page, found[found[:, 0] >= 0]


metric_types.register_metric(LineDetection)
