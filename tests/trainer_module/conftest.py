"""Transformed examples of tiny lines, as Transform writes them."""

import numpy as np
import pytest
import tensorflow as tf

from schema import features

GLYPH_WIDTH = 20


def draw(text):
    """Draws each letter as a bar at its own height: easy to learn."""
    line = np.zeros((28, GLYPH_WIDTH * len(text)), np.uint8)
    for position, character in enumerate(text):
        row = 3 + 5 * "abcd".index(character)
        line[row : row + 3, position * GLYPH_WIDTH + 4 : position * GLYPH_WIDTH + 16] = 255
    return line


def example(sample_id, text, image, glyphs=b"", height=None):
    def feature(value):
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    png = tf.io.encode_png(image[:, :, None]).numpy()
    values = {
        features.SAMPLE_ID: sample_id.encode(),
        features.TEXT: text.encode(),
        features.IMAGE: png,
        features.LINE_WIDTH: image.shape[1],
        features.LINE_HAS_INK: int(image.max() > 0),
        features.IMAGE_HEIGHT: height or image.shape[0],
        features.GLYPHS: bytes(glyphs),
    }
    return tf.train.Example(
        features=tf.train.Features(feature={key: feature(value) for key, value in values.items()})
    )


@pytest.fixture(scope="session")
def write_lines(tmp_path_factory):
    """Writes examples and returns their file pattern.

    Each of a text, of a text and its image, or of a text, its image, its glyphs and the
    height of the picture that it was made from.
    """

    def write(texts):
        path = tmp_path_factory.mktemp("lines") / "lines.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for number, text in enumerate(texts):
                line = text if isinstance(text, tuple) else (text, draw(text))
                writer.write(example(f"train/{number:06d}", *line).SerializeToString())
        return [str(path.parent / "*")]

    return write


@pytest.fixture(scope="session")
def random_texts():
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("abcd"), rng.integers(1, 9))) for _ in range(120)]
