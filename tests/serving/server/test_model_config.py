from pathlib import Path

import pytest

from schema.errors import InputError
from serving.server.model_config import (
    EVERY_VERSION,
    LogSettings,
    ModelSettings,
    VersionPolicy,
    read_model_config,
)

ONE = "name: 'm' base_path: '/m' model_platform: 'tensorflow' "


def read(tmp_path: Path, *configs: str) -> tuple[ModelSettings, ...]:
    file = tmp_path / "models.config"
    listed = " ".join(f"config {{ {config} }}" for config in configs)
    file.write_text(f"model_config_list {{ {listed} }}")
    return read_model_config(file)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", VersionPolicy(latest=1)),
        ("model_version_policy { latest {} }", VersionPolicy(latest=1)),
        ("model_version_policy { latest { num_versions: 2 } }", VersionPolicy(latest=2)),
        ("model_version_policy { all {} }", EVERY_VERSION),
        (
            "model_version_policy { specific { versions: 42 versions: 43 } }",
            VersionPolicy(specific=frozenset({42, 43})),
        ),
    ],
)
def test_version_policies(tmp_path: Path, text: str, policy: VersionPolicy) -> None:
    (model,) = read(tmp_path, ONE + text)
    assert model == ModelSettings("m", Path("/m"), policy)


def test_several_models_with_labels_and_logging(tmp_path: Path) -> None:
    second = """
      name: 'n' base_path: '/n' model_type: TENSORFLOW
      version_labels { key: 'stable' value: 42 } version_labels { key: 'canary' value: 43 }
      logging_config {
        log_collector_config { type: 'file' filename_prefix: '/logs/n' }
        sampling_config { sampling_rate: 0.25 }
      }"""
    first, last = read(tmp_path, ONE, second)
    assert first.labels == {}
    assert last.labels == {"stable": 42, "canary": 43}
    assert last.log == LogSettings("/logs/n", 0.25)


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        (["base_path: '/m' model_platform: 'tensorflow'"], "expected a name for each model"),
        ([ONE, ONE], "Illegal to list model m multiple times in config list"),
        (["name: 'm' base_path: 'm' model_platform: 'tensorflow'"], "to have an absolute path"),
        (["name: 'm' base_path: '/m'"], "expected model_platform 'tensorflow', got ''"),
        (["name: 'm' base_path: '/m' model_platform: 'onnx'"], "got 'onnx'"),
        ([ONE + "model_type: TENSORFLOW"], "both model_type(deprecated) and model_platform"),
        ([ONE + "model_version_policy { specific {} }"], "expected versions in 'specific'"),
        ([ONE + "logging_config { log_collector_config { type: 'x' } }"], "log collector type"),
        ([ONE + "logging_config { sampling_config { sampling_rate: 2 } }"], "from 0 to 1"),
        ([ONE + "logging_config { sampling_config { sampling_rate: 1 } }"], "a filename_prefix"),
        (["nam: 'm'"], 'no field named "nam"'),
    ],
)
def test_a_bad_configuration_is_named(tmp_path: Path, configs: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, *configs)
    assert message in str(caught.value)
    assert "models.config" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_custom_configurations_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "models.config"
    file.write_text("custom_model_config {}")
    with pytest.raises(InputError, match="expected a model_config_list"):
        read_model_config(file)


def test_an_empty_configuration_serves_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == ()


def test_policies_choose_newest_first() -> None:
    ready = [3, 10, 9]
    assert VersionPolicy().choose(ready) == [10]
    assert VersionPolicy(latest=2).choose(ready) == [10, 9]
    assert EVERY_VERSION.choose(ready) == [10, 9, 3]
    assert VersionPolicy(specific=frozenset({3, 4})).choose(ready) == [3]
