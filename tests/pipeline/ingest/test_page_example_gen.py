import json
from collections import Counter

import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts, standard_component_specs

from pipeline.ingest.page_example_gen import PageExecutor, page_example_gen
from pipeline.ingest.page_plan import GENERATED, PageOptions
from pipeline.lineage import SOURCE_PROPERTY, SUMMARY_PROPERTY
from schema import features
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION
from tests.pipeline.ingest.pages.conftest import DrawnLine, DrawnPage


@pytest.fixture
def ingest(tmp_path):
    """Really runs a component; returns its artifact, and sample ids by split."""

    def run(folder, options):
        component = page_example_gen(folder, options, version="1")
        examples = standard_artifacts.Examples()
        examples.uri = str(tmp_path / "examples")
        output = {standard_component_specs.EXAMPLES_KEY: [examples]}
        context = BaseBeamExecutor.Context(tmp_dir=str(tmp_path / "tmp"), unique_id="1")
        PageExecutor(context).Do({}, output, dict(component.exec_properties))
        return examples, {split: read_ids(examples, split) for split in SPLITS}

    return run


def read_ids(examples, split):
    paths = tf.io.gfile.glob(f"{examples.uri}/Split-{split}/*")
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP").as_numpy_iterator()
    parsed = (tf.train.Example.FromString(record).features.feature for record in records)
    return [feature[features.SAMPLE_ID].bytes_list.value[0].decode() for feature in parsed]


def test_an_archive_with_generated_pages(ingest, tmp_path):
    folder = tmp_path / "pages"
    for number in range(6):
        page = DrawnPage((DrawnLine("l1", 20 + number, "a line", "written"),))
        page.write(folder, page.alto().replace("page.png", f"p{number}.png"), f"p{number}")
    examples, ids = ingest(folder, PageOptions(generated_share=0.5))
    # 0.3 and 0.15 of 6 pages are held out; 3 are left, and as many are generated.
    assert {split: len(found) for split, found in ids.items()} == {
        TRAIN: 6,
        VALIDATION: 1,
        TEST: 2,
    }
    assert Counter("generated" in name for name in ids[TRAIN]) == {True: 3, False: 3}
    assert not any("generated" in name for name in ids[VALIDATION] + ids[TEST])
    real = [name.partition("/")[2] for found in ids.values() for name in found]
    assert len(set(real)) == 9
    summaries = json.loads(examples.get_string_custom_property(SUMMARY_PROPERTY))
    assert {each["name"]: each["examples"] for each in summaries} == {
        split: len(found) for split, found in ids.items()
    }
    assert "50% of the training pages" in examples.get_string_custom_property(SOURCE_PROPERTY)


def test_generated_pages_alone(ingest, tmp_path):
    _, ids = ingest(tmp_path, PageOptions(source=GENERATED, generated_pages=5))
    assert {split: len(found) for split, found in ids.items()} == {
        TRAIN: 5,
        VALIDATION: 1,
        TEST: 1,
    }


def test_forms_of_iam(ingest, iam_copy):
    _, ids = ingest(iam_copy, PageOptions(source="iam"))
    assert {split: len(found) for split, found in ids.items()} == {
        TRAIN: 28,
        VALIDATION: 4,
        TEST: 8,
    }
