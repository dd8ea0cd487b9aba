import numpy as np
import pytest

from schema.alphabet import Alphabet
from schema.errors import InputError
from trainer_module.input_pipeline import Batching, TrainingLines, evaluation_batches
from trainer_module.line_index import IndexedLine, count_batches, index_lines, keep_learnable

ABCD = Alphabet("abcd")
BATCHING = Batching(ABCD, stride=8, batch_size=16)
NARROW = np.full((28, 16), 200, np.uint8)
INK = np.full((28, 60), 200, np.uint8)
BLANK_PICTURE = np.zeros((28, 60), np.uint8)

# Each of no use in a way of its own, and what is said of it.
FLAWED = [
    (("abc", NARROW), "3 frames needed, 2 there"),
    (("aa", NARROW), "3 frames needed, 2 there"),  # a repeat needs a blank between
    (("ab", BLANK_PICTURE), "blank"),
    (("ab", INK, b"", 1), "height 1"),
]


def texts_of(batches):
    return [ABCD.decode(label[label > 0]) for _, labels in batches for label in labels.numpy()]


def test_index_tells_what_is_known_in_file_order(write_lines):
    first, second = index_lines(write_lines(["ab", ("dcba", BLANK_PICTURE, b"", 90)]))
    assert first == IndexedLine("train/000000", "ab", 40, True, 28)
    assert second == IndexedLine("train/000001", "dcba", 60, False, 90)


def test_batches_are_counted_by_bucket():
    widths = [10] * 5 + [111] * 4 + [112] * 3 + [900]
    lines = [IndexedLine(str(number), "a", width) for number, width in enumerate(widths)]
    assert count_batches(lines, 4) == 3 + 1 + 1


@pytest.mark.parametrize(("line", "reason"), FLAWED)
def test_many_lines_of_no_use_stop_the_training_by_name(write_lines, line, reason):
    lines = index_lines(write_lines(["abc", line, line]))
    with pytest.raises(InputError, match=rf"2 of 3 lines.*train/000001 \({reason}\)"):
        keep_learnable(lines, ABCD, stride=8)


def test_few_lines_of_no_use_are_named_and_left_out_everywhere(write_lines, caplog):
    files = write_lines([line for line, _ in FLAWED] + ["abcd"] * 450)
    kept = keep_learnable(index_lines(files), ABCD, stride=8)
    assert len(kept) == 450
    for number, (_, reason) in enumerate(FLAWED):
        assert f"train/{number:06d} ({reason})" in caplog.text
    steps = count_batches(kept, 16)
    for batches in (
        TrainingLines(files, BATCHING, 0, steps).batches(range(1)),
        evaluation_batches(files, BATCHING),
    ):
        assert texts_of(batches) == ["abcd"] * 450
        assert len(list(batches)) == steps


def test_characters_outside_the_alphabet_are_named(write_lines):
    lines = index_lines(write_lines(["abd"]))
    with pytest.raises(InputError, match=r"'d' in sample train/000000"):
        keep_learnable(lines, Alphabet("abc"), stride=8)


def test_no_lines_are_an_error(write_lines):
    with pytest.raises(InputError, match="got none"):
        index_lines(write_lines([]))
