import pytest

from serving.server.flags import REFUSED, parse_flags

BASE = "--model_base_path=/models/m"

# As `tensorflow_model_server --help` of 2.16 lists them, each with a value that is not its default.
DOCUMENTED = {
    "port": "9000",
    "grpc_socket_path": "/tmp/s",
    "rest_api_port": "9001",
    "rest_api_num_threads": "3",
    "rest_api_timeout_in_ms": "5",
    "rest_api_enable_cors_support": "true",
    "enable_batching": "true",
    "allow_version_labels_for_unavailable_models": "true",
    "batching_parameters_file": "f",
    "enable_per_model_batching_parameters": "true",
    "model_config_file": "f",
    "model_config_file_poll_wait_seconds": "2",
    "model_name": "m",
    "model_base_path": "/m",
    "num_load_threads": "2",
    "num_unload_threads": "2",
    "max_num_load_retries": "2",
    "load_retry_interval_micros": "-1",
    "file_system_poll_wait_seconds": "2",
    "flush_filesystem_caches": "false",
    "tensorflow_session_parallelism": "2",
    "tensorflow_session_config_file": "f",
    "tensorflow_intra_op_parallelism": "2",
    "tensorflow_inter_op_parallelism": "2",
    "use_alts_credentials": "true",
    "ssl_config_file": "f",
    "platform_config_file": "f",
    "per_process_gpu_memory_fraction": "0.5",
    "saved_model_tags": "serve,gpu",
    "grpc_channel_arguments": "a=1",
    "grpc_max_threads": "2",
    "enable_model_warmup": "false",
    "num_request_iterations_for_warmup": "2",
    "version": None,
    "monitoring_config_file": "f",
    "remove_unused_fields_from_bundle_metagraph": "false",
    "prefer_tflite_model": "true",
    "num_tflite_pools": "2",
    "num_tflite_interpreters_per_pool": "99",
    "enable_signature_method_name_check": "true",
    "xla_cpu_compilation_enabled": "true",
    "xla_gpu_compilation_enabled": "true",
    "enable_profiler": "true",
    "thread_pool_factory_config_file": "f",
    "mixed_precision": "bfloat16",
    "skip_initialize_tpu": "true",
    "enable_grpc_healthcheck_service": "true",
    "enable_serialization_as_tensor_content": "true",
}
NEEDS = {
    "batching_parameters_file": ["--enable_batching"],
    "model_config_file_poll_wait_seconds": ["--model_config_file=f"],
}


def complaint(capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    with pytest.raises(SystemExit) as caught:
        parse_flags(flags)
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1, "bad usage is told in one line"
    return told


@pytest.mark.parametrize("name", sorted(DOCUMENTED.keys() - REFUSED.keys() - {"version"}))
@pytest.mark.parametrize("form", ["--{}={}", "--{} {}"])
def test_a_documented_flag_is_honoured(name: str, form: str) -> None:
    default = getattr(parse_flags([BASE]), name)
    given = form.format(name, DOCUMENTED[name]).split(" ")
    flags = parse_flags([BASE, *NEEDS.get(name, []), *given])
    assert getattr(flags, name) != default


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_not_honoured_is_refused_by_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert name in DOCUMENTED
    for given in (f"--{name}={DOCUMENTED[name]}", f"--{name}"):
        told = complaint(capsys, BASE, given)
        assert f"--{name} is not honoured: " in told


def test_a_switch_needs_no_value_and_takes_one() -> None:
    for given, expected in (("", True), ("=true", True), ("=1", True), ("=false", False)):
        assert parse_flags([BASE, f"--enable_batching{given}"]).enable_batching is expected


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "expected --model_base_path or --model_config_file, got neither"),
        ([BASE, "--model_nam=y"], "unrecognized arguments: --model_nam=y"),
        ([BASE, "--port=any"], "expected a number up to 65535 or 'ephemeral', got 'any'"),
        ([BASE, "--port=70000"], "got '70000'"),
        ([BASE, "--enable_batching=maybe"], "--enable_batching: expected true or false"),
        ([BASE, "--grpc_max_threads=0"], "--grpc_max_threads: expected more than 0, got '0'"),
        ([BASE, "--max_num_load_retries=-1"], "expected a whole number from 0 on"),
        ([BASE, "--file_system_poll_wait_seconds=-1"], "expected 0 or more, got '-1'"),
        ([BASE, "--file_system_poll_wait_seconds=nan"], "expected a number, got 'nan'"),
        ([BASE, "--grace_seconds=soon"], "--grace_seconds: expected a number, got 'soon'"),
        ([BASE, "--per_process_gpu_memory_fraction=2"], "expected a number from 0 to 1"),
        ([BASE, "--batching_parameters_file=f"], "no effect without --enable_batching"),
        ([BASE, "--model_config_file_poll_wait_seconds=1"], "without --model_config_file"),
    ],
)
def test_bad_usage_is_told_in_one_line(
    flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in complaint(capsys, *flags)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_flags(["--version"])
    assert caught.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "TensorFlow ModelServer",
        "TensorFlow Library",
    ]
