"""Command line of the embedded model server: `python -m serving.server --model_base_path=DIR`.

Takes the flags of tensorflow_model_server that it can honour, under their names, and refuses the
others. Parses first and imports TensorFlow afterwards, so `--help` answers at once.
"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError
from serving.server.model_server import DISABLED, EPHEMERAL, LOOPBACK, ModelServer, ServerOptions

_MICROSECONDS = 1e6


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT and return the exit status: 0, or 2 for bad usage."""
    flags = _parser().parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        with _server(flags) as server:
            # One line to be read by whoever started the process.
            sys.stderr.write(
                f"serving model {server.model_name}: "
                f"grpc={server.grpc_address or 'off'} rest={server.rest_url or 'off'}\n"
            )
            sys.stderr.flush()
            stop.wait()
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _server(flags: argparse.Namespace) -> ModelServer:
    options = ServerOptions(
        poll_seconds=flags.file_system_poll_wait_seconds,
        load_retries=flags.max_num_load_retries,
        load_retry_seconds=flags.load_retry_interval_micros / _MICROSECONDS,
        max_request_bytes=flags.max_request_bytes,
        threads=flags.threads,
        grace_seconds=flags.grace_seconds,
    )
    return ModelServer(
        flags.model_name,
        flags.model_base_path,
        flags.port,
        flags.rest_api_port,
        flags.host,
        options,
    )


def _port(text: str) -> int:
    if text == "ephemeral":
        return EPHEMERAL
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a number or 'ephemeral', got {text!r}")


def _parser() -> argparse.ArgumentParser:
    defaults = ServerOptions()
    parser = argparse.ArgumentParser(
        "python -m serving.server",
        description="Serve a SavedModel over TensorFlow Serving's gRPC and REST APIs.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--model_base_path", type=Path, required=True, help="folder with the version folders")
    add("--model_name", default="default", help="the name that clients ask for")
    add("--port", type=_port, default=8500, help="for gRPC; 0 for none, 'ephemeral' for any")
    add("--rest_api_port", type=_port, default=DISABLED, help="for REST; read like --port")
    add("--host", default=LOOPBACK, help="address to listen on; 0.0.0.0 for every network")
    add(
        "--file_system_poll_wait_seconds",
        type=float,
        default=defaults.poll_seconds,
        help="pause between two looks for new versions",
    )
    add(
        "--max_num_load_retries",
        type=int,
        default=defaults.load_retries,
        help="attempts after the first that a version gets to load",
    )
    add(
        "--load_retry_interval_micros",
        type=int,
        default=int(defaults.load_retry_seconds * _MICROSECONDS),
        help="pause between these attempts",
    )
    add("--max_request_bytes", type=int, default=defaults.max_request_bytes, help="per request")
    add("--threads", type=int, default=defaults.threads, help="concurrent requests per protocol")
    add(
        "--grace_seconds",
        type=float,
        default=defaults.grace_seconds,
        help="how long a stop waits for requests in flight",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
