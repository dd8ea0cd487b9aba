import numpy as np
import pytest

from schema.alphabet import Alphabet
from trainer_module.fresh_lines import make_dealer
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.input_pipeline import Batching, TrainingLines, evaluation_batches
from trainer_module.line_index import BUCKET_WIDTH, count_batches, index_lines, keep_learnable
from trainer_module.networks.stem import IMAGE, WIDTH
from trainer_module.tasks.lines import LinesTask
from transforms.augmentation_options import AugmentationOptions
from transforms.synthesis_options import SynthesisOptions

ABCD = Alphabet("abcd")
BATCHING = Batching(ABCD, stride=8, batch_size=16)


def epochs_of(files, first=0, last=1, seed=5, dealer=None, **augmentation):
    steps = count_batches(keep_learnable(index_lines(files), ABCD, 8), 16)
    options = AugmentationOptions(**augmentation)
    lines = TrainingLines(files, BATCHING, seed, steps, dealer, options)
    return lines.batches(range(first, last))


def texts_of(batches):
    return [
        ABCD.decode(label[label > 0])
        for _, labels in batches.as_numpy_iterator()
        for label in labels
    ]


def test_an_epoch_has_every_line_once_in_as_many_batches_as_foretold(write_lines, random_texts):
    files = write_lines(random_texts)
    batches = epochs_of(files)
    assert sorted(texts_of(batches)) == sorted(random_texts)
    assert len(list(batches)) == count_batches(index_lines(files), 16)


def test_batches_hold_lines_of_like_width_padded_with_paper(write_lines, random_texts):
    for inputs, _ in evaluation_batches(write_lines(random_texts), BATCHING):
        widths = inputs[WIDTH].numpy()
        assert len(set(widths // BUCKET_WIDTH)) == 1
        assert inputs[IMAGE].shape[1:] == (28, widths.max(), 1)
        for row, width in enumerate(widths):
            assert not inputs[IMAGE][row, :, width:].numpy().any()
            assert inputs[IMAGE][row, :, :width].numpy().max() == 1.0


def test_order_depends_on_seed_and_epoch_alone(write_lines, random_texts):
    files = write_lines(random_texts)

    def epochs(first, last, seed=5):
        return texts_of(epochs_of(files, first, last, seed))

    both = epochs(0, 2)
    assert both[: len(random_texts)] == epochs(0, 1)
    assert both[len(random_texts) :] == epochs(1, 2)  # what a resumed training sees
    assert epochs(0, 1) != epochs(1, 2)
    assert epochs(0, 1) != epochs(0, 1, seed=6)


def test_an_epoch_that_is_begun_twice_has_the_same_order(write_lines, random_texts):
    batches = epochs_of(write_lines(random_texts))
    assert texts_of(batches) == texts_of(batches)


def pictures_of(batches):
    """Text -> the pictures of it, without padding."""
    found = {}
    for inputs, labels in batches.as_numpy_iterator():
        for image, width, label in zip(inputs[IMAGE], inputs[WIDTH], labels, strict=True):
            text = ABCD.decode(label[label > 0])
            found.setdefault(text, []).append(image[:, :width, 0].tobytes())
    return found


PHOTOGRAPHED = "abcdabcd"


@pytest.fixture(scope="module")
def glyph_lines(write_lines):
    """40 lines of two to seven glyphs, of which none is like another, and a photograph."""
    rng = np.random.default_rng(0)
    photograph = (PHOTOGRAPHED, rng.integers(0, 256, (28, 160), np.uint8))
    texts = sorted({"".join(rng.choice(list("abcd"), rng.integers(2, 8))) for _ in range(60)})[:40]
    stacks = [rng.integers(0, 256, (len(text), 28, 28), np.uint8) for text in texts]
    lines = ((text, np.hstack(stack), stack) for text, stack in zip(texts, stacks, strict=True))
    return write_lines([photograph, *lines])


@pytest.fixture(scope="module")
def dealer(glyph_lines):
    return make_dealer(glyph_lines, ABCD, SynthesisOptions())


def test_glyph_lines_are_new_in_each_epoch_and_photographs_stay(glyph_lines, dealer):
    first, second = (pictures_of(epochs_of(glyph_lines, n, n + 1, dealer=dealer)) for n in (0, 1))
    both = first.keys() & second.keys() - {PHOTOGRAPHED}
    assert len(both) > 20  # of 40: an epoch may leave out its last batch or two
    assert not any(set(first[text]) & set(second[text]) for text in both)
    several = pictures_of(epochs_of(glyph_lines, 0, 4, dealer=dealer))[PHOTOGRAPHED]
    assert len(set(several)) == 1 < len(several)


def test_dealt_lines_depend_on_seed_and_epoch_alone(glyph_lines, dealer):
    def batches(first, last, seed=5):
        made = epochs_of(glyph_lines, first, last, seed, dealer)
        return [inputs[IMAGE].tobytes() for inputs, _ in made.as_numpy_iterator()]

    both = batches(0, 2)
    assert both == batches(0, 1) + batches(1, 2)  # what a resumed training sees
    assert batches(0, 1) == batches(0, 1) != batches(0, 1, seed=6)


def test_an_epoch_of_dealt_lines_has_the_promised_number_of_batches(glyph_lines, dealer):
    steps = count_batches(index_lines(glyph_lines), 16)
    assert len(list(epochs_of(glyph_lines, 0, 5, dealer=dealer))) == 5 * steps


def test_without_a_dealer_the_pictures_of_transform_are_trained_on(glyph_lines):
    first, second = (pictures_of(epochs_of(glyph_lines, n, n + 1)) for n in (0, 1))
    assert first == second


@pytest.mark.parametrize(("fresh_lines", "pictures"), [(True, 2), (False, 1)])
def test_hyperparameters_switch_fresh_lines_of_the_task(glyph_lines, fresh_lines, pictures):
    task = LinesTask(LstmCtcHyperparameters(batch_size=4, fresh_lines=fresh_lines), ABCD)
    epochs = (pictures_of(task.training_batches(glyph_lines, 3, n, n + 1)) for n in (0, 1))
    first, second = epochs
    text = next(iter(first.keys() & second.keys() - {PHOTOGRAPHED}))
    assert len({*first[text], *second[text]}) == pictures


def test_augmentation_changes_every_line_in_every_epoch_and_nothing_else(write_lines, random_texts):
    files = write_lines(random_texts)
    first, second = (pictures_of(epochs_of(files, n, n + 1, noise=0.1)) for n in (0, 1))
    assert {text: len(pictures) for text, pictures in first.items()} == {
        text: random_texts.count(text) for text in random_texts
    }
    assert not any(set(first[text]) & set(second[text]) for text in first)
    assert first == pictures_of(epochs_of(files, noise=0.1))


def test_a_stretched_line_goes_to_the_batch_of_its_width(write_lines):
    batches = epochs_of(write_lines(["abcdabcd"] * 40), stretch=0.5)
    widths = [inputs[WIDTH].numpy() for inputs, _ in batches]
    assert all(len(set(each // BUCKET_WIDTH)) == 1 for each in widths)
    assert len(set(np.concatenate(widths))) > 5


def test_lines_squeezed_below_their_frames_are_left_out(write_lines):
    # Eight characters need eight frames of 8 columns; half of the lines become narrower than 57.
    lines = [("abcdabcd", np.full((28, 58), 99, np.uint8))] * 40
    batches = list(epochs_of(write_lines(lines), stretch=0.4))
    assert batches
    assert all((inputs[WIDTH].numpy() > 56).all() for inputs, _ in batches)


def test_a_batch_is_named_as_it_was_trained_on(glyph_lines, dealer):
    lines = TrainingLines(glyph_lines, BATCHING, 5, 4, dealer, AugmentationOptions(stretch=0.3))
    by_id = {line.sample_id: line.text for line in index_lines(glyph_lines)}
    for step, batch in enumerate(lines.batches(range(2, 3))):
        trained_on = [ABCD.decode(label[label > 0]) for label in batch[1].numpy()]
        assert [by_id[name] for name in lines.name_batch(2, step)] == trained_on


def test_whole_buckets_have_one_width_each(write_lines, random_texts):
    whole = Batching(ABCD, stride=8, batch_size=16, whole_buckets=True)
    shapes = {
        inputs[IMAGE].shape[2] for inputs, _ in evaluation_batches(write_lines(random_texts), whole)
    }
    assert shapes == {BUCKET_WIDTH, 2 * BUCKET_WIDTH}
