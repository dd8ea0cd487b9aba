import numpy as np
import tensorflow as tf

from schema import features
from transforms.image import LINE_HEIGHT, read_line
from transforms.preprocessing import SYNTHESIS_CONFIG, preprocessing_fn
from transforms.synthesis import synthesise_line
from transforms.synthesis_options import SynthesisOptions

GLYPHS = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
PHOTO = tf.io.encode_jpeg(
    tf.constant(np.random.default_rng(1).integers(120, 256, (90, 400, 1), np.uint8))
).numpy()


def transform(images, glyphs, seeds):
    """Runs the function in graph on lines that differ in nothing else."""
    count = len(images)
    inputs = {
        key: tf.zeros([count, 1])
        for key in (
            features.ASPECT,
            features.INK_RATIO,
            features.BRIGHTNESS_MEAN,
            features.BRIGHTNESS_DEVIATION,
            features.SHARPNESS,
        )
    }
    for key in (features.TEXT_LENGTH, features.IMAGE_HEIGHT, features.IMAGE_WIDTH):
        inputs[key] = tf.ones([count, 1], tf.int64)
    for key in (
        features.SAMPLE_ID,
        features.TEXT,
        features.SOURCE,
        features.WRITER,
        features.PAGE,
        features.VOCABULARY,
    ):
        inputs[key] = tf.fill([count, 1], "x")
    inputs[features.IMAGE] = tf.constant(images)[:, None]
    inputs[features.GLYPHS] = tf.constant(glyphs)[:, None]
    inputs[features.SEED] = tf.constant(seeds, tf.int64)[:, None]
    config = {SYNTHESIS_CONFIG: vars(SynthesisOptions())}
    return tf.function(lambda given: preprocessing_fn(given, config))(inputs)


def test_glyphs_become_the_line_that_synthesis_makes():
    outputs = transform([b""], [GLYPHS.tobytes()], [7])
    line = tf.io.decode_png(outputs[features.IMAGE][0, 0])[:, :, 0]
    expected = synthesise_line(tf.constant(GLYPHS), tf.constant(7, tf.int64), SynthesisOptions())
    np.testing.assert_array_equal(line, expected)
    assert outputs[features.LINE_WIDTH].numpy().tolist() == [[expected.shape[1]]]


def test_a_picture_becomes_what_serving_sees():
    outputs = transform([PHOTO], [b""], [0])
    trained_on = read_line(outputs[features.IMAGE][0, 0])
    served = read_line(tf.constant(PHOTO))
    assert trained_on.shape == served.shape == (LINE_HEIGHT, 124, 1)
    # Rounding to 256 grey levels, and stretching the contrast of what was rounded.
    np.testing.assert_allclose(trained_on, served, atol=2 / 255)


def test_both_kinds_go_through_one_graph():
    outputs = transform([b"", PHOTO], [GLYPHS.tobytes(), b""], [7, 0])
    assert outputs[features.IMAGE].shape == (2, 1)
    assert outputs[features.TEXT].numpy().tolist() == [[b"x"], [b"x"]]


def test_lines_are_told_apart_and_put_together():
    outputs = transform([b"", PHOTO], [GLYPHS.tobytes(), b""], [7, 0])
    # The text is "x", and so are writer and source; the lines are 84 and 124 pixels wide at most.
    assert outputs[features.LENGTH_BAND].numpy().tolist() == [[b"1-10"], [b"1-10"]]
    assert outputs[features.WIDTH_BAND].numpy().tolist() == [[b"1-200"], [b"1-200"]]
    kinds = tf.sparse.to_dense(outputs[features.CHARACTER_KINDS])
    assert kinds.numpy().tolist() == [[features.LOWER.encode()]] * 2
    assert outputs[features.CLUSTER].numpy().tolist() == [[b"x writer x"]] * 2


def test_a_blank_picture_is_told_from_one_with_ink():
    blank = tf.io.encode_png(tf.fill([40, 300, 1], tf.constant(230, tf.uint8))).numpy()
    outputs = transform([blank, PHOTO], [b"", b""], [0, 0])
    assert outputs[features.LINE_HAS_INK].numpy().tolist() == [[0], [1]]


def test_a_picture_one_pixel_high_becomes_a_line():
    outputs = transform(
        [tf.io.encode_png(tf.constant([[[0], [255], [255]]], tf.uint8)).numpy()], [b""], [0]
    )
    assert outputs[features.LINE_WIDTH].numpy().tolist() == [[3 * LINE_HEIGHT]]


def test_glyphs_are_passed_on_for_fresh_lines():
    assert transform([b""], [GLYPHS.tobytes()], [7])[features.GLYPHS].numpy() == [
        [GLYPHS.tobytes()]
    ]
