import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipeline.ingest.example_bytes import serialise_example
from pipeline.pages.error_rate import PageEdits, ReadPage
from pipeline.pages.measure import load_pages, load_reader, measure_pages, parse_page
from schema import features, line_bands
from schema.line_texts import pack_texts


def example(name, *texts, writer="", image=b"PNG", counted=1):
    rows = np.zeros((len(texts), line_bands.COLUMNS), np.float32)
    rows[:, line_bands.COUNTED] = counted
    for number, row in enumerate(rows):
        row[line_bands.BOX] = 20 * number, 0, 20 * number + 10, 100
    return {
        features.SAMPLE_ID: name,
        features.SOURCE: "iam",
        features.WRITER: writer,
        features.LINE_BANDS: line_bands.pack_rows(rows),
        features.LINE_TEXTS: pack_texts(texts),
        features.IMAGE: image,
    }


@pytest.fixture
def write(tmp_path):
    def run(*examples):
        path = tmp_path / "data_tfrecord-00000-of-00001.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for each in examples:
                writer.write(serialise_example(each))
        return tmp_path

    return run


def reading(*texts):
    boxes = [(20 * n, 0, 20 * n + 10, 100) for n in range(len(texts))]
    return ReadPage(np.array(boxes, np.float32).reshape(-1, 4), texts)


def test_every_page_is_read_by_every_servable(write):
    folder = write(example("test/p1", "ab", "cd", writer="007"), example("test/p2", "é"))
    first, second = measure_pages(folder, [lambda _: reading("ab", "cx"), lambda _: reading()])
    assert (first.sample_id, first.cluster) == ("test/p1", "iam writer 007")
    assert first.edits == (PageEdits(1, 5), PageEdits(5, 5))
    assert (second.sample_id, second.cluster) == ("test/p2", "test/p2")
    assert second.edits == (PageEdits(5, 1), PageEdits(1, 1))


def test_pages_without_texts_are_left_out_and_blank_ones_taken(write):
    folder = write(
        example("test/untranscribed", "", ""),
        example("test/unjudged", "printed", counted=0),
        example("test/blank"),
        example("test/half", "", "x"),
    )
    assert [page.sample_id for page in load_pages(folder)] == ["test/blank", "test/half"]


def test_pages_of_earlier_versions_have_no_texts():
    old = example("test/p1", "ab")
    del old[features.LINE_TEXTS]
    assert parse_page(serialise_example(old)).truth.text == ""


@pytest.fixture(scope="module")
def servable(tmp_path_factory):
    """Reads a page as its height and its width, and refuses pages wider than 500 pixels."""

    class Measurer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def read(self, image_bytes):
            size = tf.shape(tf.io.decode_png(image_bytes[0]))[:2]
            with tf.control_dependencies([tf.debugging.assert_less(size[1], 500, "too wide")]):
                texts = tf.strings.as_string(size)
            return {
                "boxes": tf.reshape(tf.range(12.0), [1, 3, 4]),
                "texts": tf.concat([texts, [""]], axis=0)[tf.newaxis],
                "count": tf.constant([2]),
            }

    folder = tmp_path_factory.mktemp("servable") / "1"
    module = Measurer()
    tf.saved_model.save(module, str(folder), {"serving_default": module.read})
    return folder


def png(width, height):
    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, "PNG")
    return stream.getvalue()


def test_a_servable_is_asked_through_its_signature_and_padding_taken_off(servable):
    page = load_reader(servable)(png(30, 40))
    assert page.texts == ["40", "30"]
    np.testing.assert_array_equal(page.boxes, [[0, 1, 2, 3], [4, 5, 6, 7]])


def test_a_page_that_is_refused_counts_as_not_read(servable, write, caplog):
    pages = (("test/p1", png(600, 40)), ("test/p2", png(30, 40)))
    folder = write(*(example(name, "40", "30", image=image) for name, image in pages))
    refused, read = measure_pages(folder, [load_reader(servable)])
    assert refused.edits == (PageEdits(5, 5),)
    assert read.edits == (PageEdits(0, 5),)
    assert "test/p1 was refused, and counts as not read" in caplog.text
    assert "too wide" in caplog.text


def test_a_folder_without_a_model_is_no_servable(tmp_path):
    with pytest.raises(OSError, match="SavedModel file does not exist"):
        load_reader(tmp_path)


def test_a_model_without_the_signature_is_no_servable(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "m"))
    with pytest.raises(ValueError, match="expected a signature serving_default"):
        load_reader(tmp_path / "m")
