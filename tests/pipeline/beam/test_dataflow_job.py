"""The job that Dataflow would be given for ingest, staged as a template and looked at."""

import json

import pytest
import tensorflow as tf
from apache_beam.portability.api import beam_runner_api_pb2
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts, standard_component_specs

from pipeline.beam.dataflow import DataflowOptions
from pipeline.beam.options import BeamOptions, beam_args
from pipeline.beam.wheel import build_wheel
from pipeline.buckets.address import parse_address
from pipeline.ingest.line_example_gen import LineExecutor, line_example_gen
from pipeline.ingest.lines import LineOptions
from tests.pipeline.buckets.stores import BUCKET

pytestmark = pytest.mark.slow

LINES = LineOptions(train_lines=40, validation_lines=6, test_lines=8, max_length=12)


def read(uri):
    with tf.io.gfile.GFile(uri, "rb") as file:
        return file.read()


@pytest.fixture(scope="module")
def template(google, glyph_folder, tmp_path_factory):
    """What Beam made of the job, and leaves in the bucket instead of starting it."""
    temporary = parse_address(f"gs://{BUCKET}/temporary")
    options = BeamOptions(
        "dataflow",
        workers=7,
        worker_image="images/worker:1",
        dataflow=DataflowOptions(
            "a-project", "europe-west1", temporary, machine_type="n2-highmem-4"
        ),
    )
    given = beam_args(options, build_wheel(tmp_path_factory.mktemp("package")))
    place = f"gs://{BUCKET}/template"
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=[*given, f"--template_location={place}"],
        tmp_dir=f"gs://{BUCKET}/tmp",
        unique_id="1",
    )
    examples = standard_artifacts.Examples()
    examples.uri = f"gs://{BUCKET}/examples"
    component = line_example_gen(glyph_folder, LINES, version="1")
    output = {standard_component_specs.EXAMPLES_KEY: [examples]}
    LineExecutor(context).Do({}, output, dict(component.exec_properties))
    return json.loads(read(place))


def test_machines_are_as_asked_for(template):
    environment = template["environment"]
    [pool] = environment["workerPools"]
    assert pool["machineType"] == "n2-highmem-4"
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 7
    [image] = pool["sdkHarnessContainerImages"]
    assert image["containerImage"] == "images/worker:1"
    assert f"{BUCKET}/temporary" in environment["tempStoragePrefix"]


def test_workers_get_the_package_and_no_folder_of_ours(template, google, glyph_folder):
    options = template["environment"]["sdkPipelineOptions"]["options"]
    job = beam_runner_api_pb2.Pipeline.FromString(read(options["pipelineUrl"]))
    steps = {transform.unique_name for transform in job.components.transforms.values()}
    assert {"Spell lines", "Read planned lines", "Write train examples"} <= steps
    staged = [
        beam_runner_api_pb2.ArtifactUrlPayload.FromString(each.type_payload).url
        for environment in job.components.environments.values()
        for each in environment.dependencies
    ]
    [wheel] = {url for url in staged if url.endswith(".whl")}
    assert read(wheel)[:2] == b"PK"
    assert str(glyph_folder).encode() not in job.SerializeToString()
    handed = {
        name.rpartition("/")[2] for name in google.control()[BUCKET] if name.startswith("tmp/")
    }
    assert {"lines", "train.glyphs"} <= handed
