from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import features


def read_schema():
    return text_format.Parse(features.LINE_SCHEMA_FILE.read_text(), schema_pb2.Schema())


def test_schema_declares_every_ingested_feature():
    declared = {feature.name for feature in read_schema().feature}
    assert declared == {
        features.SAMPLE_ID,
        features.TEXT,
        features.SOURCE,
        features.VOCABULARY,
        features.TEXT_LENGTH,
        features.INK_RATIO,
        features.BRIGHTNESS_MEAN,
        features.BRIGHTNESS_DEVIATION,
        features.GLYPHS,
        features.SEED,
    }


def test_bytes_are_marked_as_images_so_that_statistics_leave_them_out():
    [glyphs] = [feature for feature in read_schema().feature if feature.name == features.GLYPHS]
    assert glyphs.HasField("image_domain")


def test_serving_examples_need_no_ground_truth():
    for feature in read_schema().feature:
        hidden = "SERVING" in feature.not_in_environment
        assert hidden == (
            feature.name
            not in {
                features.SOURCE,
                features.INK_RATIO,
                features.BRIGHTNESS_MEAN,
                features.BRIGHTNESS_DEVIATION,
            }
        )


def test_vocabulary_domain_is_that_of_the_constants():
    [domain] = read_schema().string_domain
    assert tuple(domain.value) == features.VOCABULARIES
