import io

import numpy as np
import pytest
from PIL import Image

from schema.errors import InputError
from schema.features import IMAGE
from serving.monitor.demo.pictures import DRIFTS, read_pictures
from tests.serving.monitor.traffic import png, scribble
from transforms.image_facts import measure_image


def pixels(encoded):
    with Image.open(io.BytesIO(encoded)) as image:
        return np.asarray(image.convert("L"))


def test_picture_files_are_taken_as_they_are(tmp_path):
    for name in ("b.png", "a.PNG", "c.png", "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())
    assert read_pictures(tmp_path, 2) == [b"a.PNG", b"b.png"]


def test_transformed_examples_become_ink_on_paper(tmp_path):
    import tensorflow as tf

    bright_ink = png(scribble(1, ink=250, paper=0))
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[bright_ink]))
    example = tf.train.Example(features=tf.train.Features(feature={IMAGE: feature}))
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), "GZIP") as writer:
        for _ in range(3):
            writer.write(example.SerializeToString())
    found = read_pictures(tmp_path, 2)
    assert len(found) == 2
    np.testing.assert_array_equal(pixels(found[0]), 255 - pixels(bright_ink))


def test_no_pictures_are_told(tmp_path):
    with pytest.raises(InputError, match="--pictures"):
        read_pictures(tmp_path / "none", 5)


@pytest.mark.parametrize(
    ("drift", "feature"),
    [
        ("inverted", "brightness_mean"),
        ("blurred", "sharpness"),
        ("faint", "brightness_deviation"),
        ("rotated", "height"),
    ],
)
def test_each_drift_changes_what_it_says(drift, feature):
    clean = png(scribble(1))
    spoiled = DRIFTS[drift][1](clean)
    before, after = (getattr(measure_image(pixels(each)), feature) for each in (clean, spoiled))
    assert abs(after - before) > 0.3 * before
