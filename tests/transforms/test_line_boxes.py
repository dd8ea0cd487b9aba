import numpy as np
import pytest
import tensorflow as tf

from transforms.line_boxes import LEAST_PIXELS, MOST_LINES, find_lines

STRIDE = 4
in_graph = tf.function(
    lambda seen: find_lines(seen, STRIDE),
    input_signature=[tf.TensorSpec([None, None, 3], tf.float32)],
)


def draw(cores, height=40, width=60):
    """Maps as a network gives them; each core is top, left, bottom, right, up, down in pixels.

    The reaches are those of the core's middle row, and exact on every row.
    """
    seen = np.zeros((height, width, 3), np.float32)
    seen[..., 0] = -6
    for top, left, bottom, right, up, down in cores:
        rows = (np.arange(top, bottom) + 0.5) * STRIDE
        middle = rows.mean()
        seen[top:bottom, left:right, 0] = 6
        seen[top:bottom, left:right, 1] = np.log(up + rows - middle)[:, None]
        seen[top:bottom, left:right, 2] = np.log(down - rows + middle)[:, None]
    return seen


@pytest.mark.parametrize("find", [lambda seen: find_lines(seen, STRIDE), in_graph])
def test_boxes_span_the_reaches(find):
    # Rows 10 and 11 have their middle at pixel 44, columns 5 to 29 end at pixels 20 and 120.
    boxes, scores = find(draw([(10, 5, 12, 30, 20.0, 8.0)]))
    np.testing.assert_allclose(boxes, [[24, 20, 52, 120]], atol=1e-3)
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-6))], atol=1e-5)


def test_lines_come_from_top_to_bottom():
    boxes, _ = in_graph(draw([(30, 5, 32, 50, 10, 10), (10, 5, 12, 20, 10, 10)]))
    assert boxes.numpy()[:, 0].tolist() == sorted(boxes.numpy()[:, 0])


def test_pieces_a_word_apart_are_one_line():
    # 20 pixels high, 4 columns or 16 pixels apart.
    boxes, _ = in_graph(draw([(10, 5, 12, 20, 10, 10), (10, 24, 12, 40, 10, 10)]))
    np.testing.assert_allclose(boxes, [[34, 20, 54, 160]], atol=1e-3)


def test_pieces_further_apart_are_two_lines():
    boxes, _ = in_graph(draw([(10, 5, 12, 20, 10, 10), (10, 26, 12, 40, 10, 10)]))
    assert len(boxes) == 2


def test_pieces_at_other_heights_are_two_lines():
    # 20 pixels high; 12 pixels lower leaves 8 in common.
    boxes, _ = in_graph(draw([(10, 5, 12, 20, 10, 10), (13, 22, 15, 40, 10, 10)]))
    assert len(boxes) == 2


def test_specks_are_no_lines():
    assert LEAST_PIXELS == 10
    boxes, _ = in_graph(draw([(10, 5, 11, 14, 10, 10), (20, 5, 21, 15, 10, 10)]))
    assert len(boxes) == 1


def test_boxes_stay_on_the_picture():
    boxes, _ = in_graph(draw([(1, 0, 3, 30, 100, 300)]))
    np.testing.assert_allclose(boxes, [[0, 0, 160, 120]], atol=1e-3)


def test_a_blank_page_has_no_lines():
    boxes, scores = in_graph(draw([]))
    assert boxes.shape == [0, 4]
    assert scores.shape == [0]


def test_more_lines_than_most_leave_out_the_shortest():
    rows = range(0, 4 * (MOST_LINES + 1), 4)
    cores = [(row, 0, row + 1, 12 + number, 4, 4) for number, row in enumerate(rows)]
    boxes, _ = in_graph(draw(cores, height=len(cores) * 4, width=300))
    assert len(boxes) == MOST_LINES
    assert boxes[:, 3].numpy().min() == 13 * STRIDE
