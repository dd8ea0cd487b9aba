"""Stages on workers that share no folder with the run: they reach gs:// alone, on a server here.

That stands for Google's hosts, so that the clients of Beam, of TensorFlow and our own work as they
would there. Where the machine allows, the folders of the run are hidden from the workers.
"""

import json
import warnings

import numpy as np
import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts, standard_component_specs

from pipeline.arguments import make_config, make_parser
from pipeline.artifact_operator import tfx_keeps
from pipeline.beam.options import IN_PROCESS
from pipeline.buckets.address import GCS, BucketAddress
from pipeline.buckets.fetch import fetch
from pipeline.gate import LineGate
from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.record_example_gen import RecordExecutor, record_example_gen
from pipeline.ingest.record_sources import FOLDER, RecordOptions
from pipeline.ingest.records import LineRecord
from pipeline.lineage import SUMMARY_PROPERTY
from pipeline.pipeline import create_data_pipeline
from pipeline.run import find_input_error
from schema.errors import InputError
from schema.splits import SPLITS
from tests.pipeline.beam.endpoint import Endpoint, can_hide
from tests.pipeline.buckets.stores import BUCKET
from tests.pipeline.evaluation.gate_runner import export_reader, run_gate

pytestmark = pytest.mark.slow

COUNTS = {"train_lines": 60, "validation_lines": 8, "test_lines": 8}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder of the run's, which workers must not need."""
    return tmp_path_factory.mktemp("here")


@pytest.fixture(scope="module")
def far(google, tmp_path_factory):
    hidden = tmp_path_factory.getbasetemp() if can_hide() else None
    if hidden is None:
        warnings.warn("no mount namespaces: workers could see the folders of the run", stacklevel=1)
    endpoint = Endpoint(tmp_path_factory.mktemp("far"), google.environment, hidden)
    yield endpoint
    endpoint.close()


def run_stages(workspace, glyphs, beam_args, *more):
    """Runs the stages up to Transform; returns the URI that their artifacts lie under."""
    counts = [f"--set={name}={count}" for name, count in COUNTS.items()]
    given = ["--dataset=emnist", f"--data-dir={glyphs}", f"--workspace={workspace}", *counts]
    config = make_config(make_parser("test", "").parse_args([*given, *more]))
    workspace.mkdir()
    with tfx_keeps(config.artifacts, far_workers=True):
        LocalDagRunner().run(create_data_pipeline(config, beam_args))
    return config.artifact_root


def records(folder, split):
    """Returns the records of a split in an order of their own."""
    files = sorted(tf.io.gfile.glob(f"{folder}/Split-{split}/*.gz"))
    read = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    return sorted(
        tf.train.Example.FromString(record).SerializeToString(deterministic=True) for record in read
    )


def artifact(root, name):
    [folder] = tf.io.gfile.glob(f"{root}/{name}/*")
    return folder


def test_stages_make_the_same_as_in_one_process(far, here, glyph_folder, google):
    near = run_stages(here / "near", glyph_folder, IN_PROCESS)
    in_bucket = f"--artifacts=gs://{BUCKET}/run"
    distant = run_stages(here / "far", glyph_folder, far.beam_args, in_bucket)
    assert distant.startswith(f"gs://{BUCKET}/run/")
    assert all(far.count_workers())
    for split, count in zip(SPLITS, COUNTS.values(), strict=True):
        for name in ("LineExampleGen/examples", "Transform/transformed_examples"):
            made = records(artifact(distant, name), split)
            assert len(made) == count
            assert made == records(artifact(near, name), split)
        statistics = f"Split-{split}/FeatureStats.pb"
        there = tf.io.gfile.GFile(
            f"{artifact(distant, 'StatisticsGen/statistics')}/{statistics}", "rb"
        )
        assert len(there.read()) > 1000
    assert not [name for name in google.control()[BUCKET] if ".glyphs" in name]


def run_records(data, root, beam_args):
    """Reads a folder of lines; returns the artifact of the examples."""
    component = record_example_gen(data, RecordOptions(FOLDER), version="1")
    examples = standard_artifacts.Examples()
    examples.uri = f"{root}/examples"
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=list(beam_args), tmp_dir=f"{root}/tmp", unique_id="1"
    )
    output = {standard_component_specs.EXAMPLES_KEY: [examples]}
    RecordExecutor(context).Do({}, output, dict(component.exec_properties))
    return examples


@pytest.fixture
def data(google, here):
    """The address of a folder of lines, and the folder itself."""
    line_folder = here / "lines"
    pictures = np.random.default_rng(0).integers(0, 256, (60, 20, 60), np.uint8)
    drawn = (LineRecord(f"l{n}", each, f"text {n}", "x") for n, each in enumerate(pictures))
    if not line_folder.exists():
        write_line_folder(drawn, line_folder)
    for path in line_folder.rglob("*"):
        if path.is_file():
            name = f"data/{path.relative_to(line_folder).as_posix()}"
            google.put(BUCKET, name, path.read_bytes())
    return BucketAddress(GCS, BUCKET, "data"), line_folder


def test_workers_fetch_the_data_themselves(far, here, data):
    address, folder = data
    mirror = fetch(address, here / "mirrors")
    distant = run_records(mirror, f"gs://{BUCKET}/records", far.beam_args)
    near = run_records(folder, here / "records", IN_PROCESS)
    for split in SPLITS:
        assert records(distant.uri, split) == records(near.uri, split)
    summaries = (
        json.loads(each.get_string_custom_property(SUMMARY_PROPERTY)) for each in (distant, near)
    )
    assert next(summaries) == next(summaries)


def refusal(data, here, far, root):
    address, _ = data
    mirror = fetch(address, here / "mirrors")
    yield
    with pytest.raises(Exception) as error:  # noqa: PT011 - whatever Beam makes of it
        run_records(mirror, f"gs://{BUCKET}/{root}", far.beam_args)
    told = find_input_error(error.value)
    assert isinstance(told, InputError)
    assert "\n" not in str(told)
    yield str(told)


def test_data_that_changes_during_the_run_is_told(far, here, data, google):
    steps = refusal(data, here, far, "changed")
    next(steps)
    [name, *_] = [name for name in google.control()[BUCKET] if name.endswith(".png")]
    google.put(BUCKET, name, b"another picture")
    assert f"another version of {name.removeprefix('data/')}" in next(steps)


def test_the_gate_judges_the_same(far, here):
    model = export_reader(f"gs://{BUCKET}/model", seen=1, unseen=2)
    truths = [f"line number {number}" for number in range(40)]
    near, distant = (
        run_gate(root, model, None, truths, LineGate(), shared_pictures=3, beam_args=beam_args)
        for root, beam_args in ((here, IN_PROCESS), (f"gs://{BUCKET}/gate", far.beam_args))
    )
    assert distant.verdict == near.verdict
    assert not distant.verdict.blessed
