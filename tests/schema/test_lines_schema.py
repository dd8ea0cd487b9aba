from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import features


def read_schema():
    return text_format.Parse(features.LINE_SCHEMA_FILE.read_text(), schema_pb2.Schema())


OF_PICTURES = {
    features.SOURCE,
    features.IMAGE_HEIGHT,
    features.IMAGE_WIDTH,
    features.ASPECT,
    features.INK_RATIO,
    features.BRIGHTNESS_MEAN,
    features.BRIGHTNESS_DEVIATION,
    features.SHARPNESS,
    features.IMAGE,
}
OF_TRAINING = {
    features.SAMPLE_ID,
    features.TEXT,
    features.WRITER,
    features.PAGE,
    features.VOCABULARY,
    features.TEXT_LENGTH,
    features.GLYPHS,
    features.SEED,
}


def test_schema_declares_every_ingested_feature():
    assert {feature.name for feature in read_schema().feature} == OF_PICTURES | OF_TRAINING


def test_bytes_are_marked_as_images_so_that_statistics_leave_them_out():
    marked = {each.name for each in read_schema().feature if each.HasField("image_domain")}
    assert marked == set(features.BYTES_FEATURES)


def test_serving_examples_need_no_ground_truth():
    hidden = {each.name for each in read_schema().feature if "SERVING" in each.not_in_environment}
    assert hidden == OF_TRAINING


def test_vocabulary_domain_is_that_of_the_constants():
    [domain] = read_schema().string_domain
    assert tuple(domain.value) == features.VOCABULARIES
