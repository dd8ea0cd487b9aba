"""Which models are served, and which of their versions: the configuration as frozen records.

`flags` makes them of a single model's name and path or of a `--model_config_file`, `grpc_service`
of a HandleReloadConfigRequest; `models` puts them into effect. No TensorFlow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schema.errors import InputError
from serving.server.text_protos import read_text_proto

PLATFORM = "tensorflow"
"""The only `model_platform` that there is."""

FILE_COLLECTOR = "file"
"""The `type` of a log collector that writes files; an empty type means it as well."""


@dataclass(frozen=True)
class VersionPolicy:
    """Which of the versions on disk are wanted.

    Args:
      latest: how many of the newest; ignored where `specific` is set.
      specific: these and no others; None where the newest are wanted.
    """

    latest: int = 1
    specific: frozenset[int] | None = None

    def choose(self, ready: Iterable[int]) -> list[int]:
        """Returns the wanted ones among the versions that are there, newest first."""
        newest = sorted(ready, reverse=True)
        if self.specific is not None:
            return [version for version in newest if version in self.specific]
        return newest[: self.latest]


NEWEST_VERSION = VersionPolicy()
EVERY_VERSION = VersionPolicy(latest=2**31)


@dataclass(frozen=True)
class LogSettings:
    """Where and how densely the requests of a model are logged.

    Args:
      prefix: the files begin with this path.
      rate: the share of requests, from 0 to 1.
    """

    prefix: str
    rate: float


@dataclass(frozen=True)
class ModelSettings:
    """One model.

    Args:
      name: under which clients ask for it.
      base_path: the folder with the numeric version folders; it may appear later.
      policy: which versions are served.
      labels: names of versions, for clients to ask for.
      log: how its requests are logged; None for not at all.
    """

    name: str
    base_path: Path
    policy: VersionPolicy = NEWEST_VERSION
    labels: Mapping[str, int] = field(default_factory=dict)
    log: LogSettings | None = None


def read_model_config(path: Path) -> tuple[ModelSettings, ...]:
    """Reads a ModelServerConfig text proto.

    Raises:
      InputError: it cannot be read or is not valid.
    """
    from tensorflow_serving.config import model_server_config_pb2

    config = read_text_proto(path, model_server_config_pb2.ModelServerConfig())
    try:
        return models_of(config)
    except InputError as error:
        raise InputError(f"{error} in {path}") from None


def models_of(config: Any) -> tuple[ModelSettings, ...]:
    """Returns the models of a ModelServerConfig message; none of an empty one.

    Raises:
      InputError: a setting is missing or contradicts another.
    """
    if config.WhichOneof("config") == "custom_model_config":
        raise InputError("expected a model_config_list, got a custom_model_config")
    models = tuple(map(_model, config.model_config_list.config))
    _check_names([model.name for model in models])
    return models


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"Illegal to list model {twice[0]} multiple times in config list")


def _model(config: Any) -> ModelSettings:
    if not config.name:
        raise InputError("expected a name for each model, got none")
    _check_platform(config)
    if not Path(config.base_path).is_absolute():
        raise InputError(
            f"Expected model {config.name} to have an absolute path; "
            f"got base_path={config.base_path!r}"
        )
    return ModelSettings(
        name=config.name,
        base_path=Path(config.base_path),
        policy=_policy(config),
        labels=dict(config.version_labels),
        log=_log(config),
    )


def _check_platform(config: Any) -> None:
    by_type = config.DESCRIPTOR.fields_by_name["model_type"].enum_type
    kind = by_type.values_by_number[config.model_type].name
    if kind != "MODEL_TYPE_UNSPECIFIED" and config.model_platform:
        raise InputError("Illegal setting both model_type(deprecated) and model_platform.")
    platform = config.model_platform or {"TENSORFLOW": PLATFORM}.get(kind, "")
    if platform != PLATFORM:
        raise InputError(
            f"model {config.name}: expected model_platform {PLATFORM!r}, got {platform!r}"
        )


def _policy(config: Any) -> VersionPolicy:
    chosen = config.model_version_policy
    kind = chosen.WhichOneof("policy_choice")
    if kind == "all":
        return EVERY_VERSION
    if kind == "specific":
        if not chosen.specific.versions:
            raise InputError(f"model {config.name}: expected versions in 'specific', got none")
        return VersionPolicy(specific=frozenset(chosen.specific.versions))
    # As in the original an unset number means the newest one.
    return VersionPolicy(latest=max(chosen.latest.num_versions, 1))


def _log(config: Any) -> LogSettings | None:
    if not config.HasField("logging_config"):
        return None
    collector = config.logging_config.log_collector_config
    rate = config.logging_config.sampling_config.sampling_rate
    if collector.type not in ("", FILE_COLLECTOR):
        raise InputError(
            f"model {config.name}: expected log collector type {FILE_COLLECTOR!r}, "
            f"got {collector.type!r}"
        )
    if not 0 <= rate <= 1:
        raise InputError(f"model {config.name}: expected a sampling_rate from 0 to 1, got {rate}")
    if rate and not collector.filename_prefix:
        raise InputError(f"model {config.name}: expected a filename_prefix to log to, got none")
    return LogSettings(collector.filename_prefix, rate)
