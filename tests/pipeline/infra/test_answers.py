import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.infra.answers import WrongAnswer, check_answer
from trainer_module.task_names import CHARACTERS, DETECTOR, LINES


def texts(*values):
    return np.array(values, dtype=object)


def floats(values):
    return np.array(values, np.float32)


# Two pictures of each task; the first page has one line, the second none.
GOOD = {
    LINES: {"text": texts(b"a", "ß".encode()), "confidence": floats([0.0, 1.0])},
    CHARACTERS: {
        "character": texts(b"a", b"b"),
        "confidence": floats([0.7, 0.6]),
        "top_characters": np.array([[b"a", b"b"], [b"b", b"a"]], object),
        "top_probabilities": floats([[0.7, 0.3], [0.6, 0.4]]),
    },
    DETECTOR: {
        "boxes": floats([[[0, 0, 9, 99]], [[-1, -1, -1, -1]]]),
        "scores": floats([[0.9], [-1]]),
        "count": np.array([1, 0], np.int32),
    },
}


@pytest.mark.parametrize("task", GOOD)
def test_what_the_exporters_promise_passes(task):
    check_answer(task, GOOD[task], 2)
    check_answer(task, GOOD[task] | {"surplus": floats(np.nan)}, 2)


@pytest.mark.parametrize(("task", "output"), [(t, name) for t in GOOD for name in GOOD[t]])
def test_a_missing_output_is_named(task, output):
    answer = {name: array for name, array in GOOD[task].items() if name != output}
    with pytest.raises(WrongAnswer, match=f"^expected {output} .*, got "):
        check_answer(task, answer, 2)


def test_nothing_at_all_is_wrong():
    with pytest.raises(WrongAnswer, match=r"^expected text string\[N\], got nothing$"):
        check_answer(LINES, {}, 2)


@pytest.mark.parametrize(
    ("task", "changes", "message"),
    [
        (LINES, {"confidence": floats([0.5, np.nan])}, "confidence as finite numbers, got nan"),
        (LINES, {"confidence": floats([0.5, np.inf])}, "confidence as finite numbers, got inf"),
        (LINES, {"confidence": floats([0.5, 1.01])}, "confidence from 0 to 1, got 1.01"),
        (LINES, {"confidence": floats([-1, 0.5])}, "confidence from 0 to 1, got -1"),
        (
            LINES,
            {"confidence": floats([0.5])},
            r"confidence float32\[2\], got float32\[1\]",
        ),
        (
            LINES,
            {"confidence": floats([[0.5], [0.5]])},
            r"confidence float32\[2\], got float32\[2, 1\]",
        ),
        (
            LINES,
            {"confidence": np.array([0.5, 0.5])},
            r"confidence float32\[2\], got float64\[2\]",
        ),
        (LINES, {"text": texts(b"a")}, r"text string\[2\], got string\[1\]"),
        (LINES, {"text": floats([1, 2])}, r"text string\[2\], got float32\[2\]"),
        (LINES, {"text": texts(b"a", b"\xff")}, r"text in UTF-8, got b'\\xff'"),
        (
            CHARACTERS,
            {"top_probabilities": floats([[0.7, 0.2, 0.1]] * 2)},
            r"top_probabilities float32\[2, 2\], got float32\[2, 3\]",
        ),
        (
            DETECTOR,
            {"boxes": floats(np.zeros([2, 1, 5]))},
            r"boxes float32\[2, M, 4\], got float32\[2, 1, 5\]",
        ),
        (
            DETECTOR,
            {"boxes": floats(np.zeros([2, 3, 4]))},
            r"scores float32\[2, 3\], got float32\[2, 1\]",
        ),
        (DETECTOR, {"scores": floats([[1.5], [-1]])}, "scores from 0 to 1, got 1.5"),
        (DETECTOR, {"scores": floats([[-0.5], [-1]])}, "scores from 0 to 1, got -0.5"),
        (DETECTOR, {"count": np.array([1, 1], np.int32)}, r"count \[1, 0\].*, got \[1, 1\]"),
        (DETECTOR, {"boxes": floats(np.full([2, 1, 4], np.inf))}, "boxes as finite numbers"),
    ],
)
def test_what_is_wrong_is_told(task, changes, message):
    with pytest.raises(WrongAnswer, match=f"^expected {message}"):
        check_answer(task, GOOD[task] | changes, 2)


def test_a_detector_may_find_nothing_on_any_page():
    nothing = {
        "boxes": np.zeros([3, 0, 4], np.float32),
        "scores": np.zeros([3, 0], np.float32),
        "count": np.zeros(3, np.int32),
    }
    check_answer(DETECTOR, nothing, 3)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20), st.integers(1, 20))
def test_exactly_the_number_of_pictures_is_right(confidences, pictures):
    answer = {
        "text": texts(*[b"x"] * len(confidences)),
        "confidence": floats(confidences),
    }
    if len(confidences) == pictures:
        check_answer(LINES, answer, pictures)
    else:
        with pytest.raises(WrongAnswer):
            check_answer(LINES, answer, pictures)
