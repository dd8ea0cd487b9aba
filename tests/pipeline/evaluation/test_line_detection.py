"""Pages of lines that are 10 high and 100 wide, one below the other."""

import math

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types

from pipeline.evaluation.line_detection import LineDetection
from schema import line_bands


def line(number):
    return [20.0 * number, 0.0, 20.0 * number + 10, 100.0]


def page(lines, ignored=()):
    rows = np.zeros((len(lines) + len(ignored), line_bands.COLUMNS), np.float32)
    for row, number in zip(rows, [*lines, *ignored], strict=True):
        row[line_bands.BOX] = line(number)
        row[line_bands.COUNTED] = number in lines
    return line_bands.pack_rows(rows)


def boxes(numbers, padded_to=6):
    found = np.full((1, padded_to, 4), -1, np.float32)
    for place, number in enumerate(numbers):
        found[0, place] = line(number)
    return found


def measure(*pages):
    """Runs the metric, each page as a bundle of its own; a page is (label, boxes)."""
    [computation] = LineDetection().computations(model_names=[""])
    combiner = computation.combiner
    parts = []
    for label, found in pages:
        element = metric_types.StandardMetricInputs(
            {tfma.LABELS_KEY: np.array([label], object), tfma.PREDICTIONS_KEY: found}
        )
        parts.append(combiner.add_input(combiner.create_accumulator(), element))
    metrics = combiner.extract_output(combiner.merge_accumulators(parts))
    return {key.name: value for key, value in metrics.items()}


def test_figures_by_hand():
    # 3 of 4 lines and one box on no line; then 2 of 2.
    values = measure((page([0, 1, 2, 3]), boxes([0, 1, 2, 9])), (page([0, 1]), boxes([0, 1])))
    assert values["examples"] == 2
    assert values["line_precision"] == pytest.approx(5 / 6)
    assert values["line_recall"] == pytest.approx(5 / 6)
    assert values["line_f1"] == pytest.approx(10 / 12)
    assert values["line_count_error"] == 0
    # Residuals of F1: 6 - 8 * 10 / 12 = -2 / 3 and 4 - 4 * 10 / 12 = 2 / 3. The variance is
    # 2 / 1 * 2 * (2 / 3)^2 / 12^2 = 1 / 81: the reach is 1.96 / 9.
    assert values["line_f1_upper"] == pytest.approx(10 / 12 + 1.95996 / 9, abs=1e-4)


def test_the_number_of_lines_errs_either_way():
    values = measure((page([0, 1, 2]), boxes([0, 1])), (page([0]), boxes([0, 5])))
    assert values["line_count_error"] == pytest.approx(2 / 4)


def test_lines_that_are_not_judged_change_nothing():
    label = page([0, 1], ignored=[2])
    assert measure((label, boxes([0, 1, 2]))) == measure((label, boxes([0, 1])))


def test_a_page_without_boxes_and_a_padding_of_none():
    values = measure((page([0]), boxes([], padded_to=0)))
    assert values["line_recall"] == 0
    assert math.isnan(values["line_precision"])


def test_no_page_is_no_figure():
    assert all(math.isnan(value) for name, value in measure().items() if name != "examples")
