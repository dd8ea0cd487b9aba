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


def test_picture_files_are_taken_as_they_are_and_always_the_same(tmp_path):
    for name in ("b.png", "a.PNG", "c.jpeg", "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())
    assert set(read_pictures([tmp_path], 9)) == {b"b.png", b"a.PNG", b"c.jpeg"}
    assert read_pictures([tmp_path], 2) == read_pictures([tmp_path], 2)
    assert len(read_pictures([tmp_path], 2)) == 2


def test_examples_without_pictures_are_passed_over(tmp_path):
    import tensorflow as tf

    def write(folder, pictures):
        folder.mkdir()
        with tf.io.TFRecordWriter(str(folder / "data.gz"), "GZIP") as writer:
            for picture in pictures:
                feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[picture]))
                features = tf.train.Features(feature={IMAGE: feature})
                writer.write(tf.train.Example(features=features).SerializeToString())

    write(tmp_path / "ingested", [b"", b""])
    write(tmp_path / "transformed", [b"one", b"two", b"three"])
    folders = [tmp_path / "ingested", tmp_path / "transformed"]
    assert set(read_pictures(folders, 5)) == {b"one", b"two", b"three"}


def test_no_pictures_are_told(tmp_path):
    with pytest.raises(InputError, match="--pictures"):
        read_pictures([tmp_path / "none"], 5)


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
