import numpy as np
import tensorflow as tf

from schema import features, line_bands
from transforms.page_preprocessing import preprocessing_fn

TEXTS = (features.SAMPLE_ID, features.SOURCE, features.WRITER)
NUMBERS = (features.LINE_COUNT, features.IMAGE_HEIGHT, features.IMAGE_WIDTH)


def make_inputs(shapes):
    pages = [np.full((*shape, 1), 200, np.uint8) for shape in shapes]
    row = np.ones((1, line_bands.COLUMNS), np.float32)
    inputs = {
        features.IMAGE: [tf.io.encode_png(page).numpy() for page in pages],
        features.LINE_BANDS: [line_bands.pack_rows(row * 100)] * len(pages),
    }
    columns = {key: np.array(values, object)[:, None] for key, values in inputs.items()}
    columns |= {key: np.array([[b"x"]] * len(pages), object) for key in TEXTS}
    columns |= {key: np.ones((len(pages), 1), np.int64) for key in NUMBERS}
    rest = (
        *(features.TYPICAL_HEIGHT, features.ASPECT, features.INK_RATIO),
        *(features.BRIGHTNESS_MEAN, features.BRIGHTNESS_DEVIATION, features.SHARPNESS),
    )
    columns |= {key: np.ones((len(pages), 1), np.float32) for key in rest}
    return {key: tf.constant(values) for key, values in columns.items()}


def test_pages_and_their_lines_are_scaled_together():
    inputs = make_inputs([(2048, 1000), (300, 200)])
    for transform in (preprocessing_fn, tf.function(preprocessing_fn)):
        outputs = transform(inputs, {})
        shapes = [tf.io.decode_png(image[0]).shape[:2] for image in outputs[features.IMAGE]]
        assert shapes == [(1024, 500), (300, 200)]
        first, second = (
            line_bands.unpack_rows(packed[0].numpy())[0] for packed in outputs[features.LINE_BANDS]
        )
        np.testing.assert_allclose(first[line_bands.BOX], 50)
        np.testing.assert_allclose(second[line_bands.BOX], 100)


def test_every_other_feature_passes():
    inputs = make_inputs([(100, 100)])
    outputs = preprocessing_fn(inputs, {})
    assert outputs.keys() == inputs.keys() | {features.CLUSTER}
    assert all(values.shape == [1, 1] for values in outputs.values())


def test_a_page_goes_with_its_writer_or_by_itself():
    inputs = make_inputs([(100, 100), (100, 100)])
    inputs[features.SAMPLE_ID] = tf.constant([["test/p1"], ["test/p2"]])
    inputs[features.WRITER] = tf.constant([["007"], [""]])
    clusters = preprocessing_fn(inputs, {})[features.CLUSTER]
    assert clusters.numpy().tolist() == [[b"x writer 007"], [b"test/p2"]]
