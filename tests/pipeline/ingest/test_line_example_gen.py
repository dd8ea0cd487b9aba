import json

import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts, standard_component_specs

from pipeline.ingest.line_example_gen import LineExecutor, line_example_gen
from pipeline.ingest.lines import LineOptions, plan_lines
from pipeline.lineage import SUMMARY_PROPERTY
from pipeline.pipeline import BEAM_ARGS
from schema import features
from schema.splits import SPLITS

OPTIONS = LineOptions(train_lines=40, validation_lines=6, test_lines=8, max_length=12)


def run_component(folder, place, beam_args):
    """Returns the Examples artifact of a component that has really run."""
    component = line_example_gen(folder, OPTIONS, version="1")
    examples = standard_artifacts.Examples()
    examples.uri = str(place / "examples")
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=beam_args, tmp_dir=str(place), unique_id="1"
    )
    output = {standard_component_specs.EXAMPLES_KEY: [examples]}
    LineExecutor(context).Do({}, output, dict(component.exec_properties))
    return examples


@pytest.fixture(scope="module")
def artifact(glyph_folder, tmp_path_factory):
    return run_component(glyph_folder, tmp_path_factory.mktemp("run"), list(BEAM_ARGS))


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


@pytest.mark.slow
def test_worker_processes_make_the_same_examples(artifact, glyph_folder, tmp_path):
    two_workers = [*BEAM_ARGS, "--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    examples = run_component(glyph_folder, tmp_path, two_workers)
    for split in SPLITS:
        expected, found = (
            sorted(example.SerializeToString(deterministic=True) for example in read(which, split))
            for which in (artifact, examples)
        )
        assert found == expected
