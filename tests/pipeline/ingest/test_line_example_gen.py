import json

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts, standard_component_specs

from pipeline.ingest.examples import SUMMARY_PROPERTY
from pipeline.ingest.line_example_gen import (
    LineExecutor,
    line_example,
    line_example_gen,
)
from pipeline.ingest.lines import LineOptions, plan_splits, read_folder
from schema import features
from schema.splits import SPLITS

OPTIONS = LineOptions(train_lines=40, validation_lines=6, test_lines=8, max_length=12)


@pytest.fixture(scope="module")
def artifact(glyph_folder, tmp_path_factory):
    """The Examples artifact of a component that has really run."""
    component = line_example_gen(glyph_folder, OPTIONS, version="1")
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path_factory.mktemp("examples"))
    output = {standard_component_specs.EXAMPLES_KEY: [examples]}
    LineExecutor().Do({}, output, dict(component.exec_properties))
    return examples


def read(artifact, split):
    path = f"{artifact.uri}/Split-{split}/*"
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(path), compression_type="GZIP")
    return [tf.train.Example.FromString(record) for record in records.as_numpy_iterator()]


def test_every_planned_line_becomes_an_example(artifact, glyph_folder):
    plans = plan_splits(glyph_folder, OPTIONS)
    for split in SPLITS:
        texts = {
            example.features.feature[features.TEXT].bytes_list.value[0].decode()
            for example in read(artifact, split)
        }
        assert texts == {line.text for line in plans[split]}


def test_splits_share_no_glyph(artifact):
    glyphs = {
        split: {
            stack[start : start + 784]
            for example in read(artifact, split)
            for stack in example.features.feature[features.GLYPHS].bytes_list.value
            for start in range(0, len(stack), 784)
            if any(stack[start : start + 784])
        }
        for split in SPLITS
    }
    train, validation, test = (glyphs[split] for split in SPLITS)
    assert train.isdisjoint(validation)
    assert test.isdisjoint(train | validation)


def test_facts_are_those_of_the_glyph_stack(glyph_folder):
    glyphs = read_folder(glyph_folder).train
    line = plan_splits(glyph_folder, OPTIONS)["train"][0]
    feature = line_example(line, glyphs, "emnist-tiny").features.feature
    stack = np.frombuffer(feature[features.GLYPHS].bytes_list.value[0], np.uint8)
    assert len(stack) == 784 * len(line.text)
    assert feature[features.TEXT_LENGTH].int64_list.value[0] == len(line.text)
    assert feature[features.INK_RATIO].float_list.value[0] == pytest.approx((stack > 127).mean())
    assert feature[features.BRIGHTNESS_MEAN].float_list.value[0] == pytest.approx(stack.mean())
    assert feature[features.SOURCE].bytes_list.value[0] == b"emnist-tiny"


def test_summary_tells_what_went_in(artifact):
    summary = json.loads(artifact.get_string_custom_property(SUMMARY_PROPERTY))
    assert [split["name"] for split in summary] == list(SPLITS)
    assert [split["lines"] for split in summary] == [40, 6, 8]
    assert sum(split["glyphs"] for split in summary) == 62 * 124
