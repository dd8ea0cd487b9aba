import numpy as np
import pytest

from schema.alphabet import Alphabet
from schema.errors import InputError
from trainer_module.input_pipeline import (
    BUCKET_WIDTH,
    evaluation_batches,
    index_lines,
    keep_learnable,
    training_batches,
)
from trainer_module.networks.stem import IMAGE, WIDTH

ABCD = Alphabet("abcd")


def texts_of(batches):
    return [
        ABCD.decode(label[label > 0])
        for _, labels in batches.as_numpy_iterator()
        for label in labels
    ]


def test_index_tells_texts_and_widths(write_lines):
    lines = index_lines(write_lines(["ab", "dcba"]))
    assert lines.texts == ("ab", "dcba")
    assert lines.widths == (40, 80)
    assert lines.sample_ids == ("train/000000", "train/000001")


def test_an_epoch_has_every_line_once_in_as_many_batches_as_foretold(write_lines, random_texts):
    files = write_lines(random_texts)
    batches = training_batches(files, ABCD, 8, 16, seed=1, first_epoch=0, last_epoch=1)
    assert sorted(texts_of(batches)) == sorted(random_texts)
    assert len(list(batches)) == index_lines(files).batches(16)


def test_batches_hold_lines_of_like_width_padded_with_paper(write_lines, random_texts):
    for inputs, _ in evaluation_batches(write_lines(random_texts), ABCD, 8, 16):
        widths = inputs[WIDTH].numpy()
        assert len(set(widths // BUCKET_WIDTH)) == 1
        assert inputs[IMAGE].shape[1:] == (28, widths.max(), 1)
        for row, width in enumerate(widths):
            assert not inputs[IMAGE][row, :, width:].numpy().any()
            assert inputs[IMAGE][row, :, :width].numpy().max() == 1.0


def test_order_depends_on_seed_and_epoch_alone(write_lines, random_texts):
    files = write_lines(random_texts)

    def epochs(first, last, seed=5):
        return texts_of(training_batches(files, ABCD, 8, 16, seed, first, last))

    both = epochs(0, 2)
    assert both[: len(random_texts)] == epochs(0, 1)
    assert both[len(random_texts) :] == epochs(1, 2)  # what a resumed training sees
    assert epochs(0, 1) != epochs(1, 2)
    assert epochs(0, 1) != epochs(0, 1, seed=6)


def test_an_epoch_that_is_begun_twice_has_the_same_order(write_lines, random_texts):
    batches = training_batches(write_lines(random_texts), ABCD, 8, 16, 5, 0, 1)
    assert texts_of(batches) == texts_of(batches)


NARROW = np.zeros((28, 16), np.uint8)


def test_many_lines_without_enough_frames_are_named(write_lines):
    lines = index_lines(write_lines([("abc", NARROW), "abc", ("aa", NARROW)]))
    with pytest.raises(InputError, match=r"2 of 3 lines, as in train/000000 \(3 needed, 2 there\)"):
        keep_learnable(lines, ABCD, stride=8)


def test_few_lines_without_enough_frames_are_left_out_everywhere(write_lines, caplog):
    files = write_lines([("abc", NARROW), *(["ab"] * 150)])
    kept = keep_learnable(index_lines(files), ABCD, stride=8)
    assert len(kept) == 150
    assert "train/000000 (3 needed, 2 there)" in caplog.text
    batches = training_batches(files, ABCD, 8, 16, seed=0, first_epoch=0, last_epoch=1)
    assert texts_of(batches) == ["ab"] * 150
    assert len(list(batches)) == kept.batches(16)


def test_characters_outside_the_alphabet_are_named(write_lines):
    lines = index_lines(write_lines(["abd"]))
    with pytest.raises(InputError, match=r"'d' in sample train/000000"):
        keep_learnable(lines, Alphabet("abc"), stride=8)


def test_no_lines_are_an_error(write_lines):
    with pytest.raises(InputError, match="got none"):
        index_lines(write_lines([]))
