import pytest
import yaml
from google.protobuf import text_format

from serving.server.batch_settings import read_batch_settings
from serving.server.flags import parse_flags
from serving.server.runtime_protos import message_class

SERVER_FLAGS = {
    "--port=8500",
    "--rest_api_port=8501",
    "--model_config_file=/config/models.config",
    "--monitoring_config_file=/config/monitoring.config",
    "--enable_batching=true",
    "--batching_parameters_file=/config/batching.config",
}


def test_the_models_are_a_model_server_config(deploy) -> None:
    from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

    text = (deploy / "config/models.config").read_text(encoding="utf-8")
    (lines,) = text_format.Parse(text, ModelServerConfig()).model_config_list.config
    assert (lines.name, lines.base_path) == ("lines", "/models/lines")
    assert lines.model_version_policy.latest.num_versions == 1


def test_batching_is_a_batching_parameters(deploy) -> None:
    text = (deploy / "config/batching.config").read_text(encoding="utf-8")
    parameters = text_format.Parse(text, message_class("BatchingParameters")())
    assert parameters.max_batch_size.value == 32
    assert parameters.max_enqueued_batches.value == 8
    assert parameters.batch_timeout_micros.value == 2000
    assert read_batch_settings(deploy / "config/batching.config").timeout_seconds == 0.002


def test_monitoring_is_a_monitoring_config(deploy) -> None:
    text = (deploy / "config/monitoring.config").read_text(encoding="utf-8")
    prometheus = text_format.Parse(text, message_class("MonitoringConfig")()).prometheus_config
    scrape = yaml.safe_load((deploy / "monitoring/prometheus.yaml").read_text())
    assert prometheus.enable
    assert scrape["scrape_configs"][0]["metrics_path"] == prometheus.path


@pytest.mark.parametrize("where", ["../../Dockerfile", "compose.yaml", "kubernetes/server.yaml"])
def test_every_server_is_started_alike(deploy, where) -> None:
    text = (deploy / where).read_text(encoding="utf-8")
    assert all(flag in text for flag in SERVER_FLAGS)


@pytest.mark.parametrize("where", ["../../Dockerfile", "compose.yaml", "kubernetes/server.yaml"])
def test_the_embedded_server_takes_the_same_flags(deploy, where) -> None:
    text = (deploy / where).read_text(encoding="utf-8")
    given = sorted(flag for flag in SERVER_FLAGS if flag in text)
    assert parse_flags(given).rest_api_port == 8501
