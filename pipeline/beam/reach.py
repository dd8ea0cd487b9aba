"""Looks, within seconds, whether all that Beam's work needs is there, before anything starts.

After `options.py`. What is missing is said in one line each; nothing is downloaded.
"""

import shlex
import shutil
import socket
import tempfile
from pathlib import Path

from pipeline.beam.options import (
    DOCKER,
    EXTERNAL,
    FLINK,
    PROCESS,
    SPARK,
    BeamOptions,
    split_address,
)
from pipeline.buckets.address import BucketAddress
from pipeline.buckets.bucket import BucketError, connect, try_writing
from schema.errors import InputError

SECONDS = 3.0
"""To wait for an answer from an address."""
GREETING_SECONDS = 10.0
"""To wait for a gRPC server's greeting, which a busy machine may send late."""

_JARS = {FLINK: "beam-runners-flink-*-job-server", SPARK: "beam-runners-spark-3-job-server"}


def check_reach(options: BeamOptions) -> None:
    """Looks for jars, folders and commands, then whether each address answers.

    Raises:
      InputError: the first thing that is missing.
    """
    _check_files(options)
    if options.job_endpoint:
        _greet(
            options.job_endpoint,
            "--job-endpoint",
            "start a Beam job service there, such as python -m "
            "apache_beam.runners.portability.local_job_service_main --job_port PORT",
        )
    if options.dataflow.temp_location is not None:
        _check_bucket(options.dataflow.temp_location)
    if options.master:
        address = options.master.removeprefix("spark://")
        _connect(address, "--master", f"start the {options.runner} cluster, or correct it")
    if options.environment == EXTERNAL:
        _greet(
            options.environment_config,
            "--environment-config",
            "start a pool there: python -m pipeline.beam.worker_pool --port PORT",
        )


def _check_files(options: BeamOptions) -> None:
    jar = options.job_server_jar
    if jar is not None:
        if not jar.is_file():
            raise InputError(
                f"expected Beam's job server as --job-server-jar, got no file at {jar}: download "
                f"{_JARS[options.runner]} from Maven's org.apache.beam"
            )
        _find_program("java", "it runs the job server: install a Java runtime")
    if options.environment == DOCKER:
        _find_program("docker", "it starts the workers: install it, or take another --environment")
    if options.environment == PROCESS:
        command = shlex.split(options.environment_config)[0]
        _find_program(command, "it starts a worker: correct --environment-config")
    if options.requirements is not None and not options.requirements.is_file():
        raise InputError(
            f"expected a requirements file, got none at {options.requirements}: correct "
            "--requirements"
        )
    if options.staging is not None:
        _check_staging(options.staging)


def _check_bucket(address: BucketAddress) -> None:
    """Writes to the bucket, which takes Google's credentials as Dataflow does."""
    try:
        try_writing(connect(address))
    except BucketError as error:
        raise InputError(
            f"expected a bucket to write to as --temp-location, got {address} with {error.what}: "
            f"{error.remedy}"
        ) from None


def _check_staging(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"expected a folder to write to as --staging, got {folder} ({error.strerror}): make "
            "it, or choose another"
        ) from None


def _find_program(name: str, remedy: str) -> None:
    if shutil.which(name) is None:
        raise InputError(f"expected the program {name}, got none on PATH: {remedy}")


def _connect(address: str, option: str, remedy: str) -> None:
    try:
        with socket.create_connection(split_address(address, option), SECONDS):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"expected an answer from {option} {address}, got none ({reason}): {remedy}"
        ) from None


def _greet(address: str, option: str, remedy: str) -> None:
    """Connects, and waits for the greeting that a gRPC server sends: Beam would wait for ever."""
    _connect(address, option, remedy)
    import grpc  # here, for most runs need none

    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(GREETING_SECONDS)
        except grpc.FutureTimeoutError:
            raise InputError(
                f"expected a gRPC server at {option} {address}, got something that does not greet "
                f"as one within {GREETING_SECONDS:.0f} s: {remedy}"
            ) from None
