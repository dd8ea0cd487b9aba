from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import features


def read_schema():
    return text_format.Parse(features.PAGE_SCHEMA_FILE.read_text(), schema_pb2.Schema())


def test_bytes_are_marked_as_images_so_that_statistics_leave_them_out():
    marked = {each.name for each in read_schema().feature if each.HasField("image_domain")}
    assert marked == set(features.PAGE_BYTES_FEATURES)


def test_serving_examples_need_no_ground_truth():
    hidden = {each.name for each in read_schema().feature if "SERVING" in each.not_in_environment}
    assert hidden == {
        features.SAMPLE_ID,
        features.WRITER,
        features.LINE_COUNT,
        features.TYPICAL_HEIGHT,
        features.LINE_BANDS,
        features.LINE_TEXTS,
    }
