"""The one place that turns our options of where Beam's work runs into Beam's own arguments.

After the command line (`arguments.py`), before `reach.py` looks whether all of it is there. Imports
nothing heavy.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.beam.dataflow import DataflowOptions, dataflow_args
from pipeline.beam.versions import VERSIONS_PREFIX, describe_versions
from pipeline.buckets.address import GCS
from schema.errors import InputError

DIRECT, PORTABLE, FLINK, SPARK, DATAFLOW = "direct", "portable", "flink", "spark", "dataflow"
RUNNERS = (DIRECT, PORTABLE, FLINK, SPARK, DATAFLOW)

LOOPBACK, PROCESS, EXTERNAL, DOCKER = "loopback", "process", "external", "docker"
ENVIRONMENTS = (LOOPBACK, PROCESS, EXTERNAL, DOCKER)

_HERE = (
    "--no_pipeline_type_check",
    # Nothing here starts an image. Where neither an image nor a package is named, TFX packs itself
    # for far workers in every Beam stage: seconds each, and 49 MB left in the temporary folder.
    "--sdk_container_image=unused",
)
IN_PROCESS = (
    # Beam's DirectRunner looks for Prism and then falls back; this is the one it falls back to.
    "--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",
    *_HERE,
)
"""Of the pipeline that runs in one process."""

_NAMES = {PORTABLE: "PortableRunner", FLINK: "FlinkRunner", SPARK: "SparkRunner"}
_WATCHED = {runner: f"pipeline.beam.watch.Watched{name}" for runner, name in _NAMES.items()}
_SHARED_CORES = "--beam_plugins=pipeline.beam.worker_threads"

_MASTERS = {FLINK: "HOST:PORT of Flink's REST interface", SPARK: "spark://HOST:PORT"}
_CONFIGS = {
    PROCESS: "the command that starts a worker",
    EXTERNAL: "HOST:PORT of a worker pool",
}


class BeamWork(NamedTuple):
    """What a run tells its stages of where Beam's work is done.

    Args:
      args: Beam's arguments.
      far_workers: whether workers share no folder with this machine.
    """

    args: tuple[str, ...]
    far_workers: bool = False


@dataclass(frozen=True)
class BeamOptions:
    """Where the data-parallel work of each stage runs, and who does it.

    Args:
      runner: one of `RUNNERS`.
      workers: processes on this machine (direct), slots of the job (flink), processes that each
        node of a job endpoint starts (portable, spark), or machines at most (dataflow).
      job_endpoint: HOST:PORT of a Beam job service (portable).
      master: of the cluster (flink, spark).
      job_server_jar: Beam's job server for that cluster (flink, spark).
      environment: how workers come to be, one of `ENVIRONMENTS`; not with direct or dataflow.
      environment_config: the worker pool's HOST:PORT (external) or the command (process).
      worker_image: container image of the workers (docker, dataflow).
      requirements: a requirements file that starting containers install (docker).
      staging: folder that the job server and all workers see (flink, spark).
      dataflow: whose and where the job is (dataflow).

    Raises:
      InputError: options do not go together, or one is missing.
    """

    runner: str = DIRECT
    workers: int = 1
    job_endpoint: str = ""
    master: str = ""
    job_server_jar: Path | None = None
    environment: str = ""
    environment_config: str = ""
    worker_image: str = ""
    requirements: Path | None = None
    staging: Path | None = None
    dataflow: DataflowOptions = field(default_factory=DataflowOptions)

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError(f"expected --workers >= 1, got {self.workers}: correct it")
        self._check_runner()
        self._check_dataflow()
        self._check_environment()

    @property
    def distributed(self) -> bool:
        """Whether other processes than ours start the workers, which then need our package."""
        return self.runner != DIRECT

    def _check_runner(self) -> None:
        self._check("--job-endpoint", self.job_endpoint, self.runner == PORTABLE, "HOST:PORT")
        if self.job_endpoint:
            split_address(self.job_endpoint, "--job-endpoint")
        on_cluster = self.runner in _MASTERS
        master = _MASTERS.get(self.runner, "")
        self._check("--master", self.master, on_cluster, master)
        if self.runner == SPARK and not self.master.startswith("spark://"):
            raise InputError(f"expected --master {master}, got {self.master}: correct it")
        if on_cluster:
            split_address(self.master.removeprefix("spark://"), "--master")
        self._check("--job-server-jar", self.job_server_jar, on_cluster, "FILE")
        self._check("--staging", self.staging, on_cluster, "FOLDER, which all workers see")

    def _check_dataflow(self) -> None:
        on_dataflow = self.runner == DATAFLOW
        for option, value, form in self.dataflow.needed():
            self._check(option, value, on_dataflow, form)
        for option, value in self.dataflow.optional():
            if not on_dataflow:
                self._check(option, value, False, "")
        bucket = self.dataflow.temp_location
        if bucket is not None and bucket.scheme != GCS:
            raise InputError(
                f"expected --temp-location {GCS}://BUCKET/PREFIX, got {bucket}: Dataflow's workers "
                "reach Google's buckets only"
            )

    def _check_environment(self) -> None:
        chosen = self.distributed and self.runner != DATAFLOW
        self._check("--environment", self.environment, chosen, f"of {', '.join(ENVIRONMENTS)}")
        needed = _CONFIGS.get(self.environment, "")
        where = f"--environment {self.environment}" if self.environment else ""
        self._check("--environment-config", self.environment_config, bool(needed), needed, where)
        if self.environment == EXTERNAL:
            split_address(self.environment_config, "--environment-config")
        docker = self.environment == DOCKER
        from_image = docker or self.runner == DATAFLOW
        self._check("--worker-image", self.worker_image, from_image, "IMAGE", where)
        if self.requirements is not None and not docker:
            self._check("--requirements", self.requirements, False, "", where)

    def _check(self, option: str, value: object, wanted: bool, what: str, where: str = "") -> None:
        """Refuses an option that is missing, or one that would have no effect."""
        where = where or f"--runner {self.runner}"
        if wanted and not value:
            raise InputError(f"expected {option} with {where}, got none: give {what}")
        if value and not wanted:
            raise InputError(f"expected no {option} with {where}, got {value}: leave it out")


def split_address(text: str, option: str) -> tuple[str, int]:
    """Returns host and port.

    Args:
      text: as "host:8099".
      option: names it where it is wrong.

    Raises:
      InputError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f"expected {option} as HOST:PORT, got {text!r}: correct it")
    return host, int(port)


def beam_args(options: BeamOptions, package: Path | None = None) -> tuple[str, ...]:
    """Returns Beam's arguments.

    Args:
      options: ours.
      package: the project as a wheel, which Beam stages for the workers; needed where
        `options.distributed`.
    """
    if not options.distributed:
        return IN_PROCESS if options.workers == 1 else _in_processes(options.workers)
    if package is None:
        raise ValueError("workers that others start need the project's package")
    return (
        "--no_pipeline_type_check",
        f"--extra_package={package}",
        # What is installed here would be listed by pip, which takes seconds in every stage.
        "--experiments=disable_logging_submission_environment",
        f"--experiments={VERSIONS_PREFIX}{describe_versions()}",
        _SHARED_CORES,
        *_engine_args(options),
    )


def _engine_args(options: BeamOptions) -> tuple[str, ...]:
    if options.runner == DATAFLOW:
        return dataflow_args(options.dataflow, options.worker_image, options.workers)
    return (*_runner_args(options), *_environment_args(options))


def _in_processes(workers: int) -> tuple[str, ...]:
    return (
        "--runner=pipeline.beam.process_runner.ProcessRunner",
        "--direct_running_mode=multi_processing",
        f"--direct_num_workers={workers}",
        *_HERE,
    )


def _runner_args(options: BeamOptions) -> tuple[str, ...]:
    # A job service notices when workers are lost that it has started, but not those of a pool.
    names = _WATCHED if options.environment == EXTERNAL else _NAMES
    runner = f"--runner={names[options.runner]}"
    if options.runner == PORTABLE:
        return (
            runner,
            f"--job_endpoint={options.job_endpoint}",
            f"--sdk_worker_parallelism={options.workers}",
        )
    if options.runner == FLINK:
        return (
            runner,
            f"--flink_master={options.master}",
            f"--flink_job_server_jar={options.job_server_jar}",
            f"--artifacts_dir={options.staging}",
            f"--parallelism={options.workers}",
        )
    return (
        runner,
        f"--spark_master_url={options.master}",
        f"--spark_job_server_jar={options.job_server_jar}",
        f"--artifacts_dir={options.staging}",
        f"--sdk_worker_parallelism={options.workers}",
    )


def _environment_args(options: BeamOptions) -> tuple[str, ...]:
    kind = f"--environment_type={options.environment.upper()}"
    if options.environment == EXTERNAL:
        return (kind, f"--environment_config={options.environment_config}")
    if options.environment == PROCESS:
        return (kind, f"--environment_option=process_command={options.environment_config}")
    if options.environment == DOCKER:
        image = options.worker_image
        installed = (f"--requirements_file={options.requirements}",) if options.requirements else ()
        # The first tells TFX, the second Beam, which image it is.
        return (
            *(kind, f"--sdk_container_image={image}"),
            *(f"--environment_option=docker_container_image={image}", *installed),
        )
    return (kind,)
