import dataclasses
import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts, standard_component_specs

from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.record_example_gen import RecordExecutor, record_example_gen
from pipeline.ingest.record_plan import plan_records
from pipeline.ingest.record_sources import FOLDER, RecordOptions, describe_source
from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import write_span
from pipeline.lineage import SOURCE_PROPERTY, SUMMARY_PROPERTY
from schema import features
from schema.splits import SPLITS

OPTIONS = RecordOptions(FOLDER)


def line(number):
    rng = np.random.default_rng(number)
    image = rng.integers(100, 256, (30 + number, 90), np.uint8)
    return LineRecord(f"page/line-{number}", image, f"line {number}", source=FOLDER)


LINES = {record.sample_id: record for record in map(line, range(30))}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    """The Examples artifact of a component that has really run."""
    folder = tmp_path_factory.mktemp("data") / "lines"
    again = dataclasses.replace(LINES["page/line-0"], sample_id="page/x-again", text="again")
    write_line_folder([*LINES.values(), again], folder)
    component = record_example_gen(folder, OPTIONS, version="1")
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path_factory.mktemp("examples"))
    output = {standard_component_specs.EXAMPLES_KEY: [examples]}
    context = BaseBeamExecutor.Context(tmp_dir=str(tmp_path_factory.mktemp("tmp")), unique_id="1")
    RecordExecutor(context).Do({}, output, dict(component.exec_properties))
    return examples, plan_records(folder, OPTIONS)


def read(examples, split):
    path = f"{examples.uri}/Split-{split}/*"
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(path), compression_type="GZIP")
    return [
        tf.train.Example.FromString(record).features.feature
        for record in records.as_numpy_iterator()
    ]


def test_every_planned_line_is_in_its_split_with_its_picture(artifact):
    examples, plan = artifact
    found = {}
    for split in SPLITS:
        for feature in read(examples, split):
            name = feature[features.SAMPLE_ID].bytes_list.value[0].decode()
            assert name.startswith(f"{split}/")
            sample_id = name.removeprefix(f"{split}/")
            found[sample_id] = split
            picture = feature[features.IMAGE].bytes_list.value[0]
            image = np.asarray(Image.open(io.BytesIO(picture)))
            np.testing.assert_array_equal(image, LINES[sample_id].image)
            assert feature[features.TEXT].bytes_list.value[0].decode() == LINES[sample_id].text
            assert feature[features.IMAGE_HEIGHT].int64_list.value[0] == image.shape[0]
            assert feature[features.GLYPHS].bytes_list.value[0] == b""
    assert found == {name: plan.splits[name] for name in LINES}
    assert len(found) == 30


def test_summary_tells_what_went_in(artifact):
    summary = json.loads(artifact[0].get_string_custom_property(SUMMARY_PROPERTY))
    assert sum(split["examples"] for split in summary) == 30
    assert sum(split["duplicates_dropped"] for split in summary) == 1


def test_lineage_knows_what_was_read(artifact):
    assert artifact[0].get_string_custom_property(SOURCE_PROPERTY) == (
        "folder: all lines; left out, for another split has their sentence: "
        "train 0, validation 0, test 0"
    )


def test_lineage_knows_the_spans(tmp_path):
    for number in range(3):
        write_span([line(number)], tmp_path, tool="a test")
    options = {"source": "labeled"}
    assert describe_source(tmp_path, RecordOptions(**options)) == "labeled: span 3 version 1"
    some = RecordOptions(**options, first_span=1, last_span=2)
    assert describe_source(tmp_path, some) == "labeled: span 1 version 1, span 2 version 1"
