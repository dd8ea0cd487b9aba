import json
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts, standard_component_specs

from pipeline.ingest.examples import SUMMARY_PROPERTY
from pipeline.ingest.line_example_gen import LineExecutor, line_example_gen
from pipeline.ingest.lines import LineOptions, plan_lines
from schema import features
from schema.splits import SPLITS

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = LineOptions(train_lines=40, validation_lines=6, test_lines=8, max_length=12)


@pytest.fixture(scope="module")
def artifact(glyph_folder, tmp_path_factory):
    """The Examples artifact of a component that has really run."""
    component = line_example_gen(glyph_folder, OPTIONS, version="1")
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path_factory.mktemp("examples"))
    output = {standard_component_specs.EXAMPLES_KEY: [examples]}
    context = BaseBeamExecutor.Context(tmp_dir=str(tmp_path_factory.mktemp("tmp")), unique_id="1")
    LineExecutor(context).Do({}, output, dict(component.exec_properties))
    return examples


def read(artifact, split):
    path = f"{artifact.uri}/Split-{split}/*"
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(path), compression_type="GZIP")
    return [tf.train.Example.FromString(record) for record in records.as_numpy_iterator()]


def test_every_planned_line_becomes_an_example(artifact, glyph_folder):
    plan = plan_lines(glyph_folder, OPTIONS)
    for split in SPLITS:
        texts = [
            example.features.feature[features.TEXT].bytes_list.value[0].decode()
            for example in read(artifact, split)
        ]
        assert sorted(texts) == sorted(plan.texts[split])


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


def test_summary_tells_what_went_in(artifact):
    summary = json.loads(artifact.get_string_custom_property(SUMMARY_PROPERTY))
    assert [split["name"] for split in summary] == list(SPLITS)
    assert [split["examples"] for split in summary] == [40, 6, 8]
    assert sum(split["glyphs"] for split in summary) == 62 * 124


def test_workers_start_without_tensorflow():
    code = (
        "import sys, pipeline.ingest.workers; "
        "sys.exit(', '.join({'tensorflow', 'tfx'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
