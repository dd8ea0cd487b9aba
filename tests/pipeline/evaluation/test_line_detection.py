"""Pages of lines that are 10 high and 100 wide, one below the other."""

import math

import numpy as np
import pytest

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


@pytest.fixture
def measure_pages(measure):
    """A page is (label, boxes)."""

    def run(*pages):
        return measure(LineDetection(), [label for label, _ in pages], [box for _, box in pages])

    return run


def test_figures_by_hand(measure_pages):
    # 3 of 4 lines and one box on no line; then 2 of 2.
    values = measure_pages((page([0, 1, 2, 3]), boxes([0, 1, 2, 9])), (page([0, 1]), boxes([0, 1])))
    assert values["examples"] == 2
    assert values["line_precision"] == pytest.approx(5 / 6)
    assert values["line_recall"] == pytest.approx(5 / 6)
    assert values["line_f1"] == pytest.approx(10 / 12)
    assert values["line_count_error"] == 0


def test_the_number_of_lines_errs_either_way(measure_pages):
    values = measure_pages((page([0, 1, 2]), boxes([0, 1])), (page([0]), boxes([0, 5])))
    assert values["line_count_error"] == pytest.approx(2 / 4)


def test_lines_that_are_not_judged_change_nothing(measure_pages):
    label = page([0, 1], ignored=[2])
    assert measure_pages((label, boxes([0, 1, 2]))) == measure_pages((label, boxes([0, 1])))


def test_a_page_without_boxes_and_a_padding_of_none(measure_pages):
    values = measure_pages((page([0]), boxes([], padded_to=0)))
    assert values["line_recall"] == 0
    assert math.isnan(values["line_precision"])


def test_no_page_is_no_figure(measure_pages):
    values = measure_pages()
    assert values["examples"] == values["units"] == 0
    for rate in LineDetection.rates:
        assert math.isnan(values[rate])
        most = math.inf if rate == "line_count_error" else 1
        # Nothing is known: no bound of a slice is broken by it.
        assert (values[f"{rate}_lower"], values[f"{rate}_upper"]) == (0, most)
