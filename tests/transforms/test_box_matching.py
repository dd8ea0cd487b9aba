"""Boxes are (ymin, xmin, ymax, xmax)."""

import math

import numpy as np
import pytest

from transforms.box_matching import match_boxes

NONE = np.zeros((0, 4))


def boxes(*rows):
    return np.array(rows, float).reshape(-1, 4)


def test_a_box_with_half_of_the_union_is_the_lines():
    # 10 x 100 each; moved by 3 rows: 700 in common, 1300 together: 0.538. By 4: 600 / 1400.
    assert match_boxes(boxes((3, 0, 13, 100)), boxes((0, 0, 10, 100)), NONE).hits == 1
    assert match_boxes(boxes((4, 0, 14, 100)), boxes((0, 0, 10, 100)), NONE).hits == 0


def test_each_box_is_matched_once():
    matching = match_boxes(boxes((0, 0, 10, 100), (1, 0, 11, 100)), boxes((0, 0, 10, 100)), NONE)
    assert (matching.hits, matching.boxes, matching.lines) == (1, 2, 1)
    assert matching.f1 == pytest.approx(2 / 3)


def test_as_many_lines_as_can_be_are_matched():
    # The first box fits both lines, the second only the first line.
    found = boxes((2, 0, 12, 100), (-3, 0, 7, 100))
    truth = boxes((0, 0, 10, 100), (4, 0, 14, 100))
    assert match_boxes(found, truth, NONE).hits == 2


def test_boxes_on_ignored_lines_are_not_judged():
    ignored = boxes((0, 0, 10, 100))
    # The second is half on the ignored line, no more.
    found = boxes((0, 0, 10, 40), (5, 0, 15, 100))
    matching = match_boxes(found, NONE, ignored)
    assert matching.judged.tolist() == [False, True]
    assert (matching.boxes, matching.lines) == (1, 0)


def test_a_line_on_an_ignored_one_is_found_all_the_same():
    matching = match_boxes(boxes((0, 0, 10, 100)), boxes((0, 0, 10, 100)), boxes((0, 0, 10, 100)))
    assert (matching.hits, matching.boxes) == (1, 1)


def test_nothing_found_and_nothing_there():
    assert match_boxes(NONE, boxes((0, 0, 1, 1)), NONE).f1 == 0
    assert match_boxes(boxes((0, 0, 1, 1)), NONE, NONE).f1 == 0
    assert math.isnan(match_boxes(NONE, NONE, NONE).f1)


def test_boxes_without_extent_match_nothing():
    assert match_boxes(boxes((5, 5, 5, 5)), boxes((5, 5, 5, 5)), NONE).hits == 0
