"""The options of `beam_runner.py` that say where Beam's work runs."""

import argparse
from pathlib import Path

from pipeline.beam.dataflow import DataflowOptions
from pipeline.beam.options import DIRECT, ENVIRONMENTS, RUNNERS, BeamOptions
from pipeline.buckets.address import parse_address


def add_beam(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    group = parser.add_argument_group("Beam", "where the data-parallel work runs (docs/beam.md)")
    group.add_argument(
        "--runner", choices=RUNNERS, default=DIRECT, help="the engine (default: %(default)s)"
    )
    group.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes here (direct), slots (flink), processes of each node (portable, spark), or "
        "machines at most (dataflow)",
    )
    group.add_argument(
        "--job-endpoint", default="", metavar="HOST:PORT", help="of a Beam job service (portable)"
    )
    group.add_argument(
        "--master",
        default="",
        metavar="ADDRESS",
        help="HOST:PORT of Flink's REST interface, or spark://HOST:PORT",
    )
    group.add_argument(
        "--job-server-jar", type=Path, metavar="FILE", help="Beam's job server (flink, spark)"
    )
    group.add_argument(
        "--environment",
        choices=ENVIRONMENTS,
        default="",
        help="how workers come to be: in this process, by a command, from a pool, from an image",
    )
    group.add_argument(
        "--environment-config",
        default="",
        metavar="TEXT",
        help="HOST:PORT of the pool (external), or the command (process)",
    )
    group.add_argument(
        "--worker-image", default="", metavar="IMAGE", help="of the workers (docker, dataflow)"
    )
    group.add_argument(
        "--requirements", type=Path, metavar="FILE", help="what starting containers install"
    )
    group.add_argument(
        "--staging",
        type=Path,
        metavar="FOLDER",
        help="what the job server hands to workers, seen by all of them (flink, spark)",
    )
    _add_dataflow(group)


def _add_dataflow(group: argparse._ArgumentGroup) -> None:
    for name, metavar, meaning in (
        ("project", "PROJECT", "Google's project that the job is of"),
        ("region", "REGION", "that the workers' machines are in"),
        ("service-account", "EMAIL", "whom the workers act for; else the project's default"),
        ("subnetwork", "NAME", "that the machines are in; else the default"),
        ("machine-type", "NAME", "of the machines; else what Dataflow chooses"),
    ):
        group.add_argument(f"--{name}", default="", metavar=metavar, help=f"{meaning} (dataflow)")
    group.add_argument(
        "--temp-location",
        type=parse_address,
        metavar="ADDRESS",
        help="gs://BUCKET/PREFIX for what Beam and its workers pass on (dataflow)",
    )


def make_beam_options(arguments: argparse.Namespace) -> BeamOptions:
    """Turns parsed arguments into checked options.

    Raises:
      InputError: they do not go together.
    """

    def absolute(path: Path | None) -> Path | None:
        return None if path is None else path.absolute()

    return BeamOptions(
        runner=arguments.runner,
        workers=arguments.workers,
        job_endpoint=arguments.job_endpoint,
        master=arguments.master,
        job_server_jar=absolute(arguments.job_server_jar),
        environment=arguments.environment,
        environment_config=arguments.environment_config,
        worker_image=arguments.worker_image,
        requirements=absolute(arguments.requirements),
        staging=absolute(arguments.staging),
        dataflow=DataflowOptions(
            project=arguments.project,
            region=arguments.region,
            temp_location=arguments.temp_location,
            service_account=arguments.service_account,
            subnetwork=arguments.subnetwork,
            machine_type=arguments.machine_type,
        ),
    )
