from pathlib import Path

import pytest

from schema.errors import InputError
from serving.server.batch_settings import BatchSettings
from serving.server.flag_settings import models_of_flags, options_of_flags
from serving.server.flags import parse_flags
from serving.server.load_settings import LoadSettings
from serving.server.model_config import ModelSettings
from serving.server.models import LabelPolicy
from serving.server.server_options import ServerOptions


def options(*flags: str) -> ServerOptions:
    return options_of_flags(parse_flags(["--model_base_path=/m", *flags]))


def test_without_flags_the_defaults_hold() -> None:
    made = options("--num_tflite_interpreters_per_pool=1")
    assert made == ServerOptions()


def test_one_model_of_name_and_path() -> None:
    flags = parse_flags(["--model_name=lines", "--model_base_path=/models/lines"])
    assert models_of_flags(flags) == (ModelSettings("lines", Path("/models/lines")),)


def test_a_configuration_file_takes_the_place_of_name_and_path(tmp_path: Path) -> None:
    file = tmp_path / "models.config"
    file.write_text(
        "model_config_list { config { name: 'a' base_path: '/a' model_platform: 'tensorflow' } }"
    )
    flags = parse_flags(["--model_name=b", "--model_base_path=/b", f"--model_config_file={file}"])
    assert models_of_flags(flags) == (ModelSettings("a", Path("/a")),)


def test_units_and_forms() -> None:
    made = options(
        "--load_retry_interval_micros=2500000",
        "--rest_api_timeout_in_ms=1500",
        "--grpc_channel_arguments=grpc.max_connection_age_ms=2000, a=b",
        "--saved_model_tags=serve,gpu",
        "--tensorflow_session_parallelism=3",
        "--tensorflow_inter_op_parallelism=2",
        "--enable_model_warmup=false",
    )
    assert made.load_retry_seconds == 2.5
    assert made.rest_timeout_seconds == 1.5
    assert made.grpc_channel_arguments == {"grpc.max_connection_age_ms": 2000, "a": "b"}
    assert made.load.tags == ("serve", "gpu")
    assert (made.load.intra_op_threads, made.load.inter_op_threads) == (3, 2)
    assert not made.load.warm_up
    assert options("--load_retry_interval_micros=-1").load_retry_seconds == 0


def test_labels_for_versions_that_do_not_serve() -> None:
    assert options("--allow_version_labels_for_unavailable_models").labels == LabelPolicy(new=True)
    forced = options("--force_allow_any_version_labels_for_unavailable_models")
    assert forced.labels == LabelPolicy(new=True, moved=True)


def test_tflite() -> None:
    made = options("--prefer_tflite_model", "--num_tflite_interpreters_per_pool=2")
    assert made.load == LoadSettings(prefer_tflite=True, tflite_interpreters=2)


def test_batching_parameters(tmp_path: Path) -> None:
    assert options().batching is None
    assert options("--enable_batching").batching == BatchSettings()
    file = tmp_path / "batching"
    file.write_text(
        "max_batch_size { value: 8 } batch_timeout_micros { value: 2000 }\n"
        "max_enqueued_batches { value: 3 } num_batch_threads { value: 2 }\n"
        "allowed_batch_sizes: 4 allowed_batch_sizes: 8 pad_variable_length_inputs: true"
    )
    made = options("--enable_batching", f"--batching_parameters_file={file}")
    assert made.batching == BatchSettings(8, 0.002, 3, 2, (4, 8), True)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ("prometheus_config { enable: true, path: '/m' }", "/m"),
        ("prometheus_config { path: '/m' }", None),
        ("", None),
    ],
)
def test_monitoring(tmp_path: Path, text: str, path: str | None) -> None:
    file = tmp_path / "monitoring"
    file.write_text(text)
    assert options(f"--monitoring_config_file={file}").metrics_path == path


@pytest.mark.parametrize(
    ("flag", "text", "message"),
    [
        ("batching_parameters_file", "max_batch_size { value: 0 }", "max_batch_size: expected"),
        ("batching_parameters_file", "allowed_batch_sizes: 3", "the last to be max_batch_size"),
        ("batching_parameters_file", "max_batch: 3", 'no field named "max_batch"'),
        ("monitoring_config_file", "prometheus {}", "expected a MonitoringConfig text proto"),
        ("ssl_config_file", "server_key: 'k'", "expected server_key and server_cert"),
        ("ssl_config_file", "server_key: 'k' server_cert: 'c'", "expected PEM keys"),
        (
            "ssl_config_file",
            "server_key: 'k' server_cert: 'c' client_verify: true",
            "expected custom_ca",
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, flag: str, text: str, message: str) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        options("--enable_batching", f"--{flag}={file}")
    assert message in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*nothing"):
        options(f"--monitoring_config_file={tmp_path / 'nothing'}")


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a=1,b"])
def test_bad_channel_arguments(text: str) -> None:
    with pytest.raises(InputError, match="expected name=value"):
        options(f"--grpc_channel_arguments={text}")
