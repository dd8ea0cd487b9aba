"""The task `detector` from transformed examples to a servable, on small drawn pages."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from schema import features, line_bands
from schema.alphabet import LATIN
from schema.errors import InputError
from serving.server.servable import Servable
from serving.signatures import BOXES, COUNT, IMAGE_BYTES, SCORES, SERVING_DEFAULT
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.page_input import count_pages, training_batches, validation_pages
from trainer_module.tasks.base import SplitFiles
from trainer_module.tasks.detector import DetectorTask

SMALL = FcnHyperparameters(
    batch_size=2, stem_width=4, widths=(6, 8), convolutions=1, crop=64, crops_of_page=3
)
HEIGHT, WIDTH = 120, 160


def draw_page(rows):
    """A page whose lines are dashes that stand on the given rows, and its bands."""
    page = np.full((HEIGHT, WIDTH), 220, np.uint8)
    bands = np.zeros((len(rows), line_bands.COLUMNS), np.float32)
    for band, row in zip(bands, rows, strict=True):
        for left in range(20, 140, 6):
            page[row - 8 : row, left : left + 3] = 40
        band[line_bands.BOX] = row - 10, 20, row + 4, 140
        band[line_bands.HEIGHT], band[line_bands.OVER], band[line_bands.UNDER] = 8, 10, 4
        band[line_bands.COUNTED] = 1
        band[line_bands.X] = np.linspace(20, 140, line_bands.POINTS)
        band[line_bands.Y] = row
    return page, bands


def encode(page):
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "pages.gz"
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for number, rows in enumerate(([30, 60, 90], [40, 80], [])):
            page, bands = draw_page(rows)
            contents = {
                features.IMAGE: encode(page),
                features.LINE_BANDS: line_bands.pack_rows(bands),
                features.SAMPLE_ID: f"train/{number}".encode(),
            }
            feature = {
                key: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                for key, value in contents.items()
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    return [str(path)]


@pytest.fixture(scope="module")
def task():
    return DetectorTask(SMALL, LATIN)


def test_a_batch_is_named_by_its_pages(task, files):
    names = [name for step in range(5) for name in task.name_batch(files, 7, 2, step)]
    assert sorted(names) == sorted(["train/0", "train/1", "train/2"] * 3)
    assert task.name_batch(files, 7, 2, 1) == names[2:4]


def test_crops_are_counted(task, files):
    assert count_pages(files) == 3
    assert task.count_batches(files) == 5  # 9 crops in batches of 2
    assert sum(1 for _ in training_batches(files, SMALL, 0, 0, 1)) == 5


def test_a_batch(files):
    crops, maps = next(iter(training_batches(files, SMALL, 0, 0, 1)))
    assert crops.shape == (2, 64, 64, 1)
    assert maps.shape == (2, 16, 16, 4)


def test_a_resumed_training_sees_the_same_crops(files):
    whole = [crops.numpy() for crops, _ in training_batches(files, SMALL, 7, 0, 2)]
    resumed = [crops.numpy() for crops, _ in training_batches(files, SMALL, 7, 1, 2)]
    for first, second in zip(whole[5:], resumed, strict=True):
        np.testing.assert_array_equal(first, second)
    assert any((a != b).any() for a, b in zip(whole[:4], whole[5:9], strict=True))


def test_no_pages(tmp_path):
    with pytest.raises(InputError, match="expected pages"):
        count_pages([str(tmp_path / "none-*")])


def test_whole_pages_are_validated(files, task):
    page, bands = next(iter(validation_pages(files)))
    assert page.shape == (HEIGHT, WIDTH, 1)
    assert bands.shape == (3, line_bands.COLUMNS)
    result = task.make_validator(task.build_network(), files).validate()
    assert result.error == 1.0  # nothing is found yet
    assert np.isfinite(result.loss)


@pytest.mark.slow
def test_it_learns_and_is_served(files, task, tmp_path):
    tf.keras.utils.set_random_seed(0)
    network = task.build_network()
    network.compile("adam", task.make_loss(), jit_compile=False)
    network.optimizer.learning_rate = 1e-2
    network.fit(task.training_batches(files, 0, 0, 30), verbose=0)
    assert task.make_validator(network, files).validate().error < 0.5
    page, _ = draw_page([30, 60, 90])
    blank = np.full((50, 400), 200, np.uint8)
    both = SplitFiles(files, files)
    task.export(network, tmp_path / "1", {"dataset": "drawn"}, [encode(page)], both)
    # Loaded as TensorFlow Serving does, in the manner of TensorFlow 1.
    servable = Servable(tmp_path / "1")
    large = np.kron(page, np.ones((10, 10), np.uint8))  # scaled down by 1600 / 1024
    pictures = np.array([encode(page), encode(large), encode(blank)], object)
    outputs = servable.predict(SERVING_DEFAULT, {IMAGE_BYTES: pictures})
    alone = servable.predict(SERVING_DEFAULT, {IMAGE_BYTES: pictures[:1]})
    none = servable.predict(SERVING_DEFAULT, {IMAGE_BYTES: pictures[:0]})
    servable.close()
    counts = outputs[COUNT]
    assert counts[2] == 0
    assert counts[0] >= 2
    boxes, scores = outputs[BOXES][0, : counts[0]], outputs[SCORES][0]
    # A page is seen alike in any batch, and what is not there is -1.
    np.testing.assert_allclose(alone[BOXES][0], boxes, atol=1e-3)
    assert (outputs[BOXES][0, counts[0] :] == -1).all()
    assert (scores[: counts[0]] > 0.5).all()
    assert (outputs[SCORES][2] == -1).all()
    assert (boxes[:, 0] >= 0).all()
    assert (boxes[:, 2] <= HEIGHT).all()
    assert none[BOXES].shape[::2] == (0, 4)
    assert none[COUNT].shape == (0,)
