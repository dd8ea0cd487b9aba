"""The flags of tensorflow_model_server: what each means here, and which are refused.

`__main__` parses the command line with it. Every flag of the original is either honoured or refused
by name with the reason; none is ignored. Imports no TensorFlow.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from serving.server.flag_types import (
    count,
    not_negative,
    port,
    positive_integer,
    share,
    switch,
)
from serving.server.model_server import DISABLED, LOOPBACK
from serving.server.server_options import ServerOptions

PROGRAM = "python -m serving.server"

REFUSED = {
    "enable_per_model_batching_parameters": "batching parameters are those of the server",
    "enable_profiler": "there is no profiler service",
    "enable_signature_method_name_check": "method names of Predict signatures are not checked",
    "flush_filesystem_caches": "file system caches are left to the system",
    "mixed_precision": "a model runs in the precision that it was saved with",
    "num_load_threads": "each model loads in a thread of its own",
    "num_tflite_pools": "give --num_tflite_interpreters_per_pool",
    "num_unload_threads": "a version unloads in the thread that used it last",
    "platform_config_file": "there is one platform, tensorflow",
    "remove_unused_fields_from_bundle_metagraph": "signatures are all that is kept",
    "skip_initialize_tpu": "TPUs are not supported",
    "tensorflow_session_config_file": "give --tensorflow_intra_op_parallelism and its like",
    "thread_pool_factory_config_file": "give --tensorflow_intra_op_parallelism and its like",
    "use_alts_credentials": "give --ssl_config_file",
    "xla_cpu_compilation_enabled": "a model that was saved with compiled functions runs them",
    "xla_gpu_compilation_enabled": "a model that was saved with compiled functions runs them",
}
"""Flags of the original that are refused, and what to do instead."""


class _Parser(argparse.ArgumentParser):
    """Tells bad usage in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{PROGRAM}: {message}\n")


class _Refuse(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        name = str(option).lstrip("-")
        parser.error(f"--{name} is not honoured: {REFUSED[name]}")


class _Version(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        api, tensorflow = map(metadata.version, ("tensorflow-serving-api", "tensorflow"))
        sys.stdout.write(f"TensorFlow ModelServer: {api} (embedded)\n")
        sys.stdout.write(f"TensorFlow Library: {tensorflow}\n")
        parser.exit(0)


def parse_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parses a command line; leaves with status 2 and one line where it is bad usage."""
    parser = _parser()
    flags = parser.parse_args(arguments)
    if flags.model_base_path is None and flags.model_config_file is None:
        parser.error("expected --model_base_path or --model_config_file, got neither")
    if flags.batching_parameters_file is not None and not flags.enable_batching:
        parser.error("--batching_parameters_file has no effect without --enable_batching")
    if flags.divide_batches and not flags.enable_batching:
        parser.error("--divide_batches has no effect without --enable_batching")
    if flags.model_config_file_poll_wait_seconds and flags.model_config_file is None:
        parser.error(
            "--model_config_file_poll_wait_seconds has no effect without --model_config_file"
        )
    return flags


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        PROGRAM,
        description="Serve models over TensorFlow Serving's gRPC and REST APIs. Flags are those of "
        "tensorflow_model_server unless they are marked as ours.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    _add_model_flags(parser)
    _add_port_flags(parser)
    _add_loading_flags(parser)
    _add_running_flags(parser)
    _add_own_flags(parser)
    for name in REFUSED:
        parser.add_argument(f"--{name}", nargs="?", action=_Refuse, help=argparse.SUPPRESS)
    return parser


def _add_model_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model_name", default="default", help="the name that clients ask for")
    add("--model_base_path", type=Path, help="folder with the version folders")
    add(
        "--model_config_file",
        type=Path,
        help="a ModelServerConfig text proto, in place of --model_name and --model_base_path",
    )
    add(
        "--model_config_file_poll_wait_seconds",
        type=not_negative,
        default=0.0,
        help="pause between two looks at that file; 0 reads it once",
    )
    _add_switch(
        parser,
        "--allow_version_labels_for_unavailable_models",
        "a new label may name a version that does not serve yet",
    )
    _add_switch(
        parser,
        "--force_allow_any_version_labels_for_unavailable_models",
        "any label may",
    )


def _add_port_flags(parser: argparse.ArgumentParser) -> None:
    add, defaults = parser.add_argument, ServerOptions()
    add("--port", type=port, default=8500, help="for gRPC; 0 for none, 'ephemeral' for any")
    add("--rest_api_port", type=port, default=DISABLED, help="for REST; read like --port")
    add("--grpc_socket_path", type=Path, help="a UNIX socket for gRPC as well")
    add("--grpc_channel_arguments", default="", help="name=value,name=value for gRPC's server")
    add(
        "--grpc_max_threads",
        type=positive_integer,
        help="gRPC requests at a time; 16, or 128 with batching",
    )
    add(
        "--rest_api_num_threads",
        type=positive_integer,
        help="REST requests at a time; 16, or 128 with batching",
    )
    add(
        "--rest_api_timeout_in_ms",
        type=positive_integer,
        default=int(defaults.rest_timeout_seconds * 1e3),
        help="after which a REST request is given up",
    )
    _add_switch(parser, "--rest_api_enable_cors_support", "pages from elsewhere may use REST")
    _add_switch(parser, "--enable_grpc_healthcheck_service", "offer gRPC's health check")
    _add_switch(
        parser, "--enable_serialization_as_tensor_content", "send outputs as tensor_content"
    )
    add("--ssl_config_file", type=Path, help="an SSLConfig text proto, for gRPC")
    add("--monitoring_config_file", type=Path, help="a MonitoringConfig text proto")


def _add_loading_flags(parser: argparse.ArgumentParser) -> None:
    add, defaults = parser.add_argument, ServerOptions()
    add(
        "--file_system_poll_wait_seconds",
        type=not_negative,
        default=defaults.poll_seconds,
        help="pause between two looks for new versions; 0 looks once",
    )
    add(
        "--max_num_load_retries",
        type=count,
        default=defaults.load_retries,
        help="attempts after the first that a version gets to load",
    )
    add(
        "--load_retry_interval_micros",
        type=int,
        default=int(defaults.load_retry_seconds * 1e6),
        help="pause between these attempts; negative for none",
    )
    _add_switch(parser, "--enable_model_warmup", "replay a version's warm-up requests", True)
    add(
        "--num_request_iterations_for_warmup",
        type=int,
        default=1,
        help="how often each of them",
    )
    add("--saved_model_tags", default=",".join(defaults.load.tags), help="of the graph to load")
    _add_switch(parser, "--prefer_tflite_model", "take model.tflite where a version has one")
    add(
        "--num_tflite_interpreters_per_pool",
        type=positive_integer,
        default=os.cpu_count() or 1,
        help="calls of such a model at a time",
    )


def _add_running_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_switch(parser, "--enable_batching", "run requests together")
    add("--batching_parameters_file", type=Path, help="a BatchingParameters text proto")
    add("--tensorflow_session_parallelism", type=count, default=0, help="sets both of the next")
    add("--tensorflow_intra_op_parallelism", type=count, default=0, help="threads an operation")
    add("--tensorflow_inter_op_parallelism", type=count, default=0, help="operations at a time")
    add(
        "--per_process_gpu_memory_fraction",
        type=share,
        default=0.0,
        help="of a GPU's memory to take at once; 0 grows as needed",
    )
    add("--version", nargs=0, action=_Version, help="tell versions and end")


def _add_own_flags(parser: argparse.ArgumentParser) -> None:
    own, defaults = parser.add_argument_group("ours"), ServerOptions()
    add = own.add_argument
    add("--host", default=LOOPBACK, help="address to listen on; 0.0.0.0 for every network")
    add(
        "--max_request_bytes",
        type=positive_integer,
        default=defaults.max_request_bytes,
        help="in a request",
    )
    add(
        "--max_image_pixels",
        type=positive_integer,
        default=defaults.max_image_pixels,
        help="a larger picture is refused before it is unpacked",
    )
    add(
        "--max_pending_requests",
        type=positive_integer,
        default=defaults.max_pending,
        help="per protocol; further ones are refused",
    )
    _add_switch(
        own, "--divide_batches", "among batch threads that are free, similar pictures together"
    )
    add("--rest_ssl_config_file", type=Path, help="an SSLConfig text proto, for REST")
    _add_switch(
        own,
        "--validate_requests",
        "tell of pictures far from the reference beside the model, and count them",
    )
    add("--access_log", help="a file for one JSON line a request, - for standard output")
    add(
        "--drain_seconds",
        type=not_negative,
        default=defaults.drain_seconds,
        help="how long a stop says that it is not ready before it refuses requests",
    )
    add(
        "--grace_seconds",
        type=not_negative,
        default=defaults.grace_seconds,
        help="how long a stop waits for requests in flight",
    )


def _add_switch(parser: Any, flag: str, help_text: str, default: bool = False) -> None:
    parser.add_argument(
        flag, type=switch, nargs="?", const=True, default=default, help=help_text, metavar="BOOL"
    )
