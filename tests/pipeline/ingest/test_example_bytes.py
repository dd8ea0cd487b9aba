import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.example_bytes import serialise_example, serialise_line
from schema import features
from schema.features import SEEN
from transforms.image_facts import measure_image

VALUES = (
    st.text()
    | st.binary()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(width=32, allow_nan=False)
)


def value_of(feature):
    kind = feature.WhichOneof("kind")
    [value] = getattr(feature, kind).value
    return value


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_tensorflow_reads_what_was_written(values):
    example = tf.train.Example.FromString(serialise_example(values))
    read = {key: value_of(feature) for key, feature in example.features.feature.items()}
    assert read == {k: v.encode() if isinstance(v, str) else v for k, v in values.items()}


def test_numbers_by_hand():
    # Example{1: Features{1: entry{1: "a", 2: Feature{3: Int64List{1: packed varint 300}}}}}
    expected = bytes.fromhex("0a0d 0a0b 0a0161 1206 1a04 0a02 ac02")
    assert serialise_example({"a": 300}) == expected


def test_the_longest_content_needs_a_length_of_several_bytes():
    example = tf.train.Example.FromString(serialise_example({"a": bytes(70_000)}))
    assert value_of(example.features.feature["a"]) == bytes(70_000)


def test_a_line_has_every_ingested_feature():
    image = np.eye(28, dtype=np.uint8) * 200
    line = serialise_line("train/x", "é.", "iam", SEEN, measure_image(image), image=b"PNG")
    found = tf.train.Example.FromString(line).features.feature
    assert value_of(found[features.TEXT]) == "é.".encode()
    assert value_of(found[features.TEXT_LENGTH]) == 2
    assert value_of(found[features.IMAGE_HEIGHT]) == 28
    assert value_of(found[features.GLYPHS]) == b""
    np.testing.assert_allclose(value_of(found[features.BRIGHTNESS_MEAN]), image.mean(), rtol=1e-6)
