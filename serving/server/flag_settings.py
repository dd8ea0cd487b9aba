"""Turns parsed flags and the files that they name into the records that the server goes by."""

import argparse
import dataclasses
from pathlib import Path

from serving.server.batch_settings import BatchSettings, read_batch_settings
from serving.server.grpc_service import parse_channel_arguments
from serving.server.load_settings import LoadSettings
from serving.server.model_config import ModelSettings, read_model_config
from serving.server.models import LabelPolicy
from serving.server.runtime_protos import message_class
from serving.server.server_options import ServerOptions
from serving.server.text_protos import read_text_proto
from serving.server.tls import read_tls_settings

DEFAULT_METRICS_PATH = "/monitoring/prometheus/metrics"

_MICROSECONDS, _MILLISECONDS = 1e6, 1e3


def models_of_flags(flags: argparse.Namespace) -> tuple[ModelSettings, ...]:
    """Returns what is to be served.

    Raises:
      InputError: the configuration file cannot be used.
    """
    if flags.model_config_file is not None:
        return read_model_config(flags.model_config_file)
    return (ModelSettings(flags.model_name, flags.model_base_path),)


def options_of_flags(flags: argparse.Namespace) -> ServerOptions:
    """Returns how it is to be served.

    Raises:
      InputError: a value is out of range, or a file cannot be used.
    """
    grpc_tls, rest_tls = flags.ssl_config_file, flags.rest_ssl_config_file
    any_label = flags.force_allow_any_version_labels_for_unavailable_models
    return ServerOptions(
        poll_seconds=flags.file_system_poll_wait_seconds,
        load_retries=flags.max_num_load_retries,
        load_retry_seconds=max(flags.load_retry_interval_micros / _MICROSECONDS, 0.0),
        load=_load_settings(flags),
        labels=LabelPolicy(
            new=flags.allow_version_labels_for_unavailable_models or any_label, moved=any_label
        ),
        config_file=flags.model_config_file,
        config_poll_seconds=flags.model_config_file_poll_wait_seconds,
        batching=_batching(flags),
        grpc_threads=flags.grpc_max_threads or 0,
        rest_threads=flags.rest_api_num_threads or 0,
        max_pending=flags.max_pending_requests,
        max_request_bytes=flags.max_request_bytes,
        max_image_pixels=flags.max_image_pixels,
        rest_timeout_seconds=flags.rest_api_timeout_in_ms / _MILLISECONDS,
        cors=flags.rest_api_enable_cors_support,
        metrics_path=_metrics_path(flags.monitoring_config_file),
        grpc_socket_path=flags.grpc_socket_path,
        grpc_channel_arguments=parse_channel_arguments(flags.grpc_channel_arguments),
        grpc_health=flags.enable_grpc_healthcheck_service,
        packed_outputs=flags.enable_serialization_as_tensor_content,
        grpc_tls=grpc_tls and read_tls_settings(grpc_tls),
        rest_tls=rest_tls and read_tls_settings(rest_tls),
        access_log=flags.access_log,
        drain_seconds=flags.drain_seconds,
        grace_seconds=flags.grace_seconds,
    )


def _load_settings(flags: argparse.Namespace) -> LoadSettings:
    both = flags.tensorflow_session_parallelism
    return LoadSettings(
        tags=tuple(flags.saved_model_tags.split(",")),
        intra_op_threads=flags.tensorflow_intra_op_parallelism or both,
        inter_op_threads=flags.tensorflow_inter_op_parallelism or both,
        gpu_memory_fraction=flags.per_process_gpu_memory_fraction,
        warm_up=flags.enable_model_warmup,
        validate_requests=flags.validate_requests,
        warm_up_iterations=flags.num_request_iterations_for_warmup,
        prefer_tflite=flags.prefer_tflite_model,
        tflite_interpreters=flags.num_tflite_interpreters_per_pool,
    )


def _batching(flags: argparse.Namespace) -> BatchSettings | None:
    if not flags.enable_batching:
        return None
    settings = BatchSettings()
    if flags.batching_parameters_file is not None:
        settings = read_batch_settings(flags.batching_parameters_file)
    return dataclasses.replace(settings, divide=flags.divide_batches)


def _metrics_path(file: Path | None) -> str | None:
    if file is None:
        return None
    config = read_text_proto(file, message_class("MonitoringConfig")()).prometheus_config
    return (config.path or DEFAULT_METRICS_PATH) if config.enable else None
