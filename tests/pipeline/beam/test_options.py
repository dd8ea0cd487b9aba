"""Each runner's arguments as Beam itself parses them, and what does not go together."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import (
    DirectOptions,
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    SetupOptions,
    SparkRunnerOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner
from apache_beam.runners.runner import create_runner

from pipeline.beam.dataflow import DataflowOptions
from pipeline.beam.options import IN_PROCESS, BeamOptions, beam_args, split_address
from pipeline.beam.process_runner import ProcessRunner
from pipeline.buckets.address import BucketAddress
from schema.errors import InputError

WHEEL = Path("/packages/project-1-py3-none-any.whl")
FLINK = {
    "runner": "flink",
    "master": "flink:8081",
    "job_server_jar": Path("/jars/flink.jar"),
    "staging": Path("/shared/staging"),
}
PORTABLE = {"runner": "portable", "job_endpoint": "jobs:8099"}
DATAFLOW = {
    "runner": "dataflow",
    "worker_image": "us/worker:1",
    "dataflow": DataflowOptions("a-project", "europe-west1", BucketAddress("gs", "temporary", "x")),
}
POOL = {"environment": "external", "environment_config": "pool:50000"}


def parse(**options):
    given = beam_args(BeamOptions(**options), WHEEL)
    parsed = PipelineOptions(list(given))
    unknown = set(given) - {
        argument for argument in given if argument.partition("=")[0][2:] in KNOWN
    }
    assert not unknown
    return parsed


KNOWN = {
    *("runner", "no_pipeline_type_check", "sdk_container_image", "direct_running_mode"),
    *("direct_num_workers", "extra_package", "experiments", "job_endpoint", "parallelism"),
    *("sdk_worker_parallelism", "flink_master", "flink_job_server_jar", "artifacts_dir"),
    *("spark_master_url", "spark_job_server_jar", "environment_type", "environment_config"),
    *("environment_option", "requirements_file", "beam_plugins", "project", "region"),
    *("temp_location", "max_num_workers", "sdk_location", "service_account_email", "subnetwork"),
    *("worker_machine_type",),
}


KNOWN_RUNNERS = {
    "Portable": "apache_beam.runners.portability.portable_runner.PortableRunner",
    "Flink": "apache_beam.runners.portability.flink_runner.FlinkRunner",
}


def get_class(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_one_process_is_what_the_local_runner_takes():
    assert beam_args(BeamOptions()) == IN_PROCESS


def test_several_processes():
    parsed = parse(workers=3)
    assert parsed.view_as(DirectOptions).direct_num_workers == 3
    assert parsed.view_as(DirectOptions).direct_running_mode == "multi_processing"
    runner = create_runner(parsed.view_as(StandardOptions).runner)
    assert isinstance(runner, ProcessRunner)


def test_an_endpoint_with_a_pool():
    parsed = parse(**PORTABLE, **POOL, workers=2)
    watched = "pipeline.beam.watch.WatchedPortableRunner"
    assert parsed.view_as(StandardOptions).runner == watched
    portable = parsed.view_as(PortableOptions)
    assert portable.job_endpoint == "jobs:8099"
    assert portable.environment_type == "EXTERNAL"
    assert portable.environment_config == "pool:50000"
    assert portable.sdk_worker_parallelism == "2"  # Beam leaves it a text
    assert parsed.view_as(SetupOptions).extra_packages == [str(WHEEL)]
    (plugin,) = parsed.view_as(SetupOptions).beam_plugins
    assert importlib.util.find_spec(plugin)


def test_only_workers_of_pools_are_watched():
    for given, runner in ((PORTABLE, "Portable"), (FLINK, "Flink")):
        watched = parse(**given, **POOL).view_as(StandardOptions).runner
        assert watched == f"pipeline.beam.watch.Watched{runner}Runner"
        assert issubclass(get_class(watched), get_class(KNOWN_RUNNERS[runner]))
        unwatched = parse(**given, environment="loopback").view_as(StandardOptions).runner
        assert unwatched == f"{runner}Runner"


def test_flink_with_images(tmp_path):
    requirements = tmp_path / "requirements.txt"
    parsed = parse(
        **FLINK, environment="docker", worker_image="us/worker:1", requirements=requirements
    )
    flink = parsed.view_as(FlinkRunnerOptions)
    assert (flink.flink_master, flink.parallelism) == ("flink:8081", 1)
    environment = parsed.view_as(PortableOptions)
    assert environment.lookup_environment_option("docker_container_image") == "us/worker:1"
    assert parsed.view_as(WorkerOptions).sdk_container_image == "us/worker:1"
    assert parsed.view_as(SetupOptions).requirements_file == str(requirements)


def test_spark_with_a_command():
    options = FLINK | {"runner": "spark", "master": "spark://host:7077"}
    parsed = parse(**options, environment="process", environment_config="/opt/boot")
    assert parsed.view_as(SparkRunnerOptions).spark_master_url == "spark://host:7077"
    environment = parsed.view_as(PortableOptions)
    assert environment.lookup_environment_option("process_command") == "/opt/boot"


def test_dataflow():
    parsed = parse(**DATAFLOW, workers=5)
    assert parsed.view_as(StandardOptions).runner == "DataflowRunner"
    google = parsed.view_as(GoogleCloudOptions)
    assert (google.project, google.region) == ("a-project", "europe-west1")
    assert google.temp_location == "gs://temporary/x"
    machines = parsed.view_as(WorkerOptions)
    assert machines.max_num_workers == 5
    assert machines.sdk_container_image == "us/worker:1"
    assert machines.machine_type is None
    assert not PipelineOptionsValidator(parsed, DataflowRunner()).validate()


def test_dataflow_with_machines_of_ones_own():
    more = {"service_account": "w@p.iam", "subnetwork": "regions/r/subnetworks/s"}
    given = replace(DATAFLOW["dataflow"], **more, machine_type="n2-highmem-4")
    parsed = parse(**DATAFLOW | {"dataflow": given})
    assert parsed.view_as(GoogleCloudOptions).service_account_email == "w@p.iam"
    machines = parsed.view_as(WorkerOptions)
    assert machines.subnetwork == "regions/r/subnetworks/s"
    assert machines.machine_type == "n2-highmem-4"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"workers": 0}, "--workers >= 1"),
        ({"runner": "portable"}, "expected --job-endpoint"),
        ({"runner": "portable", "job_endpoint": "jobs"}, "HOST:PORT"),
        ({"runner": "portable", "job_endpoint": "jobs:99999"}, "HOST:PORT"),
        (PORTABLE, "expected --environment with"),
        (PORTABLE | {"environment": "external"}, "HOST:PORT of a worker pool"),
        (PORTABLE | {"environment": "process"}, "the command"),
        (PORTABLE | {"environment": "docker"}, "--worker-image"),
        (PORTABLE | POOL | {"worker_image": "one"}, "no --worker-image"),
        (PORTABLE | POOL | {"requirements": Path("r.txt")}, "no --requirements"),
        (PORTABLE | POOL | {"master": "host:1"}, "no --master"),
        (PORTABLE | {"environment": "loopback", "environment_config": "x"}, "leave it out"),
        ({"job_endpoint": "jobs:8099"}, "no --job-endpoint with --runner direct"),
        ({"environment": "loopback"}, "no --environment with --runner direct"),
        (FLINK | POOL | {"master": ""}, "Flink's REST interface"),
        (FLINK | POOL | {"job_server_jar": None}, "--job-server-jar"),
        (FLINK | POOL | {"staging": None}, "--staging"),
        (FLINK | POOL | {"runner": "spark"}, "spark://HOST:PORT"),
        ({"runner": "dataflow", "worker_image": "us/worker:1"}, "expected --project"),
        (DATAFLOW | {"worker_image": ""}, "expected --worker-image with --runner dataflow"),
        (DATAFLOW | {"environment": "docker"}, "no --environment with --runner dataflow"),
        (DATAFLOW | {"requirements": Path("r.txt")}, "no --requirements"),
        (DATAFLOW | {"dataflow": DataflowOptions("p", "r")}, "--temp-location with"),
        (
            DATAFLOW | {"dataflow": DataflowOptions("p", "r", BucketAddress("s3", "temporary"))},
            "Google's buckets only",
        ),
        (PORTABLE | POOL | {"dataflow": DataflowOptions("p")}, "no --project with"),
        ({"dataflow": DataflowOptions(machine_type="n2")}, "no --machine-type with"),
    ],
)
def test_what_does_not_go_together_is_named(options, named):
    with pytest.raises(InputError, match=named):
        BeamOptions(**options)


def test_far_workers_need_the_package():
    with pytest.raises(ValueError, match="package"):
        beam_args(BeamOptions(**PORTABLE, **POOL))


def test_addresses():
    assert split_address("[::1]:80", "--x") == ("[::1]", 80)
    with pytest.raises(InputError, match="--x as HOST:PORT"):
        split_address("http://host:80", "--x")
