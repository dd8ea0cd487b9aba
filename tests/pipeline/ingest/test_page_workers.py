import io
from collections import Counter
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from PIL import Image
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.ingest.data_folder import DataFolder
from pipeline.ingest.page_plan import PageOptions, PageUnit, plan_pages
from pipeline.ingest.page_workers import MakePages, ReadForms
from schema import features, line_bands
from schema.line_texts import unpack_texts
from schema.splits import TEST, TRAIN, VALIDATION
from tests.pipeline.ingest.pages.conftest import DrawnLine, DrawnPage

PRINT = "DefaultLine:Print"


@pytest.fixture
def units(tmp_path):
    for number in range(4):
        page = DrawnPage(
            (
                DrawnLine("l1", 20 + number, "written", "DefaultLine:Handwritten"),
                DrawnLine("l2", 90, "printed", PRINT),
            )
        )
        page.write(tmp_path, page.alto().replace("page.png", f"p{number}.png"), f"p{number}")
    return plan_pages(tmp_path, PageOptions(generated_share=0.0)).units


def make(unit, ignored=frozenset()):
    return list(MakePages(DataFolder(Path("/")), ignored, seed=0).process(unit))


def parse(output):
    return tf.train.Example.FromString(output.value).features.feature


def test_an_example_holds_the_page_and_its_lines(units):
    [output] = make(units[0], frozenset({PRINT}))
    assert isinstance(output, beam.pvalue.TaggedOutput)
    feature = parse(output)
    assert feature[features.SAMPLE_ID].bytes_list.value[0].startswith(output.tag.encode())
    assert feature[features.LINE_COUNT].int64_list.value[0] == 1
    # A box of 40 on a page of 400 x 300.
    assert feature[features.TYPICAL_HEIGHT].float_list.value[0] == pytest.approx(0.1)
    rows = line_bands.unpack_rows(feature[features.LINE_BANDS].bytes_list.value[0])
    assert rows[:, line_bands.COUNTED].tolist() == [1, 0]
    packed = feature[features.LINE_TEXTS].bytes_list.value[0].decode()
    assert unpack_texts(packed, len(rows)) == ["written", "printed"]
    with Image.open(io.BytesIO(feature[features.IMAGE].bytes_list.value[0])) as image:
        assert image.size == (400, 300)


def test_examples_fit_the_curated_schema(units):
    schema = text_format.Parse(features.PAGE_SCHEMA_FILE.read_text(), schema_pb2.Schema())
    for unit in (units[0], PageUnit(TRAIN, number=5)):
        [output] = make(unit)
        assert parse(output).keys() == {each.name for each in schema.feature}


def test_generated_pages_are_made_by_number():
    [first], [again], [other] = (make(PageUnit(TEST, number=n)) for n in (1, 1, 2))
    assert first.tag == TEST
    assert first.value == again.value
    assert first.value != other.value


def test_a_broken_picture_is_left_out_and_named(units, capsys):
    path = units[0].survey.image_path
    path.write_bytes(path.read_bytes()[:200])
    assert make(units[0]) == []
    assert path.name in capsys.readouterr().err


def test_a_page_whose_lines_are_all_ignored_has_no_height(units):
    feature = parse(make(units[0], frozenset({PRINT, "DefaultLine:Handwritten"}))[0])
    assert feature[features.LINE_COUNT].int64_list.value[0] == 0
    assert np.isfinite(feature[features.TYPICAL_HEIGHT].float_list.value[0])


def test_forms_of_iam_come_with_their_writer_and_split(iam_copy):
    outputs = list(ReadForms(DataFolder(iam_copy), "lwitlrt", 0.0).process(()))
    assert Counter(output.tag for output in outputs) == {TRAIN: 28, VALIDATION: 4, TEST: 8}
    feature = parse(outputs[0])
    assert feature[features.SOURCE].bytes_list.value == [b"iam"]
    assert feature[features.WRITER].bytes_list.value[0]
    assert feature[features.LINE_COUNT].int64_list.value[0] >= 3
    packed = feature[features.LINE_TEXTS].bytes_list.value[0].decode()
    texts = unpack_texts(packed, feature[features.LINE_COUNT].int64_list.value[0])
    assert all(set(text) <= set("abcd. ") and text for text in texts)
