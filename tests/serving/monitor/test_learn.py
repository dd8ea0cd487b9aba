import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from schema import features, request_features
from schema.errors import InputError
from serving.monitor import learn
from serving.monitor.embedding import describe_pictures
from serving.monitor.learn import Clean, CleanRow, learn_from_pictures, learn_reference
from serving.monitor.pushed_model import BATCH, PushedModel
from serving.monitor.reference import load_reference
from serving.signatures import CONFIDENCE, FEATURES, IMAGE_BYTES, SERVING_DEFAULT, TEXT


class WidthReader(tf.Module):
    """Reads as many letters as the picture is wide in pixels, and is the surer the wider it is."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name=IMAGE_BYTES)])
    def read(self, image_bytes):
        widths = self._widths(image_bytes)
        texts = tf.map_fn(
            lambda width: tf.strings.reduce_join(tf.repeat("a", width)), widths, tf.string
        )
        return {TEXT: texts, CONFIDENCE: tf.cast(widths, tf.float32) / 100.0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name=IMAGE_BYTES)])
    def describe(self, image_bytes):
        widths = tf.cast(self._widths(image_bytes), tf.float32)
        return {FEATURES: tf.stack([widths, -widths], axis=1)}

    def _widths(self, image_bytes):
        return tf.map_fn(lambda each: tf.shape(tf.io.decode_png(each))[1], image_bytes, tf.int32)


@pytest.fixture(scope="module", params=["with features", "without"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "1"
    reader = WidthReader()
    signatures = {SERVING_DEFAULT: reader.read}
    if request.param == "with features":
        signatures[FEATURES] = reader.describe
    tf.saved_model.save(reader, str(folder), signatures=signatures)
    return folder


def png(width):
    target = io.BytesIO()
    Image.fromarray(np.arange(3 * width, dtype=np.uint8).reshape(3, width)).save(target, "PNG")
    return target.getvalue()


def test_a_reference_is_learned_of_what_a_model_reads(model, tmp_path):
    widths = [20 + number % 50 for number in range(150)]
    clean = Clean(
        pictures=[*map(png, widths), b"no picture"],
        truths=["a" * (width + 1) for width in widths] + ["lost"],
        words=frozenset({"word"}),
        facts={"dataset": "widths"},
    )
    learn_from_pictures(model, clean).save(tmp_path)
    reference = load_reference(tmp_path)
    assert len(reference) == 150
    assert reference.edits.tolist() == [1] * 150
    assert reference.characters.tolist() == [width + 1 for width in widths]
    assert reference.unsure.mean() == pytest.approx(0.1, abs=0.02)
    assert reference.totals[features.IMAGE_WIDTH].sum() == 150
    assert reference.totals[request_features.CHARACTERS].tolist() == [sum(widths), 0]
    assert reference.quantiles[features.IMAGE_WIDTH][[0, 100]].tolist() == [20, 69]
    assert request_features.LATENCY_MS in reference.bins
    assert request_features.LATENCY_MS not in reference.counts
    if FEATURES in PushedModel(model).signatures:
        assert reference.embeddings[:, 0].tolist() == widths
    else:
        assert reference.embeddings.shape == (0, 0)


def test_where_pictures_are_refused_later_ones_are_described(model, monkeypatch):
    monkeypatch.setattr(learn, "MOST_EMBEDDINGS", 20)
    widths = [20 + number % 50 for number in range(100)]
    pictures = [png(width) for width in widths]
    pictures[5:5] = [b"broken"] * 7
    reference = learn_from_pictures(model, Clean(pictures=pictures))
    assert len(reference) == 100
    if FEATURES in PushedModel(model).signatures:
        assert reference.embeddings[:, 0].tolist() == widths[:20]


def test_pictures_are_answered_in_their_order_and_broken_ones_alone_are_refused(model):
    widths = np.random.default_rng(0).permutation(BATCH + 20) + 1
    pictures = [png(int(width)) for width in widths]
    pictures[3] = b"broken"
    with PushedModel(model) as loaded:
        answers = loaded.ask(SERVING_DEFAULT, pictures)
    assert answers[3] is None
    lengths = [len(each[TEXT]) for each in answers if each is not None]
    assert lengths == np.delete(widths, 3).tolist()


def test_features_of_pictures(model):
    described = describe_pictures(model, [png(5), b"broken", png(7)])
    if described is not None:
        assert described.tolist() == [[5, -5], [7, -7]]


def test_too_few_rows_are_refused():
    rows = [CleanRow({request_features.CONFIDENCE: 0.5})] * 99
    with pytest.raises(InputError, match="expected at least 100 clean requests"):
        learn_reference(rows, np.empty((0, 0), np.float32), frozenset(), {})


def test_a_value_that_some_rows_lack_is_not_counted_there():
    rows = [CleanRow({features.IMAGE_WIDTH: float(number)}) for number in range(100)]
    rows += [CleanRow({request_features.CHARACTERS: ("a", "b")})] * 20
    reference = learn_reference(rows, np.empty((0, 0), np.float32), frozenset(), {})
    assert reference.counts[features.IMAGE_WIDTH].sum(axis=1).tolist() == [1] * 100 + [0] * 20
    assert request_features.CONFIDENCE not in reference.bins
    assert not reference.unsure.any()
