"""The models that the server serves: by name, with their labels, and reconfigured at run time.

`model_server` makes and starts it; `prediction` borrows versions from it; a
HandleReloadConfigRequest or a changed configuration file puts another set of models into effect
with `apply`.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.model_folder import ready_versions
from serving.server.model_config import ModelSettings
from serving.server.status import Code, ServableError
from serving.server.version_states import (
    DEFAULT_LOAD_POLICY,
    Lease,
    LoadPolicy,
    VersionStatus,
    not_found,
)
from serving.server.versions import ModelVersions

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelSpec:
    """Which model, version and signature a request asks for.

    Args:
      name: of the model.
      version: None for the newest that serves, or the one that the label names.
      label: empty for none.
      signature: empty for `serving_default`.
    """

    name: str
    version: int | None = None
    label: str = ""
    signature: str = ""


@dataclass(frozen=True)
class LabelPolicy:
    """Whether a label may name a version that does not serve yet.

    Args:
      new: a label that names none so far may.
      moved: one that names another version so far may.
    """

    new: bool = False
    moved: bool = False


NO_UNAVAILABLE_LABELS = LabelPolicy()


class Models:
    """All models.

    Args:
      load: makes a servable from a version folder.
      load_policy: how failed loads are retried.
      poll_seconds: the pause between two looks at a base path; 0 looks once.
      labels: what labels may name.
      find: lists the versions of a base path that are completely written.
    """

    def __init__(
        self,
        load: Callable[[Path], Any],
        load_policy: LoadPolicy = DEFAULT_LOAD_POLICY,
        poll_seconds: float = 1.0,
        labels: LabelPolicy = NO_UNAVAILABLE_LABELS,
        find: Callable[[Path], dict[int, Path]] = ready_versions,
    ) -> None:
        self._load = load
        self._load_policy = load_policy
        self._poll_seconds = poll_seconds
        self._label_policy = labels
        self._find = find
        self._applying = threading.Lock()
        self._watched = False
        # Replaced as a whole, never changed: readers need no lock.
        self._versions: dict[str, ModelVersions] = {}
        self._settings: dict[str, ModelSettings] = {}

    def apply(self, settings: Sequence[ModelSettings]) -> None:
        """Serves these models and no others.

        Raises:
          ServableError: FAILED_PRECONDITION, a label names a version that does not serve.
        """
        with self._applying:
            for model in settings:
                self._check_labels(model)
            kept = {m.name: self._versions.get(m.name) or self._new(m) for m in settings}
            gone = [v for name, v in self._versions.items() if name not in kept]
            added = [v for name, v in kept.items() if name not in self._versions]
            self._settings = {model.name: model for model in settings}
            self._versions = kept
            for model in settings:
                kept[model.name].reconfigure(model.base_path, model.policy)
            if self._watched:
                for versions in added:
                    versions.start(self._poll_seconds)
        for versions in gone:
            versions.stop()
            _log.info("model %s is not served any more", versions.model_name)

    def start(self) -> None:
        """Begins to load and to watch, without waiting."""
        with self._applying:
            self._watched = True
            for versions in self._versions.values():
                versions.start(self._poll_seconds)

    def stop(self, timeout: float | None = None) -> None:
        """Ends the watch and unloads each version once its last lease is returned."""
        for versions in self._versions.values():
            versions.stop(timeout)

    def settings(self) -> tuple[ModelSettings, ...]:
        """Returns the models in effect."""
        return tuple(self._settings.values())

    def log_settings(self, name: str) -> Any:
        """Returns how the requests of a model are logged; None for not at all."""
        model = self._settings.get(name)
        return model.log if model else None

    @contextlib.contextmanager
    def lease(self, spec: ModelSpec) -> Iterator[Lease]:
        """Lends the version that a request asks for.

        Raises:
          ServableError: NOT_FOUND, it does not serve; INVALID_ARGUMENT, no name or an unknown
            label.
        """
        version = self._resolve(spec)
        versions = self._versions.get(spec.name)
        if versions is None:
            raise not_found(spec.name, version)
        with versions.lease(version) as lease:
            yield lease

    def statuses(self, spec: ModelSpec) -> list[VersionStatus]:
        """Returns the status of the named or of every version that was touched, newest first.

        Raises:
          ServableError: NOT_FOUND, there is none; INVALID_ARGUMENT, no name or an unknown label.
        """
        version = self._resolve(spec)
        versions = self._versions.get(spec.name)
        known = versions.statuses() if versions else {}
        if version is not None and version not in known:
            raise ServableError(
                Code.NOT_FOUND, f"Could not find version {version} of model {spec.name}"
            )
        if not known:
            raise ServableError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
        return list(known.values()) if version is None else [known[version]]

    def unavailable(self) -> list[str]:
        """Returns the names of the models of which no version serves."""
        return [name for name, versions in self._versions.items() if not versions.loaded()]

    def wait_until_available(self, timeout: float) -> dict[str, int]:
        """Waits until a version of each model serves.

        Returns:
          The newest that serves, by model name.

        Raises:
          TimeoutError: not within `timeout` seconds; the message says why.
        """
        deadline = time.monotonic() + timeout
        return {
            name: versions.wait_until_available(max(deadline - time.monotonic(), 0.0))
            for name, versions in self._versions.items()
        }

    def _new(self, model: ModelSettings) -> ModelVersions:
        return ModelVersions(
            model.name, model.base_path, self._load, model.policy, self._load_policy, self._find
        )

    def _resolve(self, spec: ModelSpec) -> int | None:
        """Returns the version that is asked for by number or label."""
        if not spec.name:
            raise ServableError(Code.INVALID_ARGUMENT, "ModelSpec has no name specified.")
        if not spec.label:
            return spec.version
        model = self._settings.get(spec.name)
        if model is None or spec.label not in model.labels:
            raise ServableError(
                Code.INVALID_ARGUMENT, f"Unrecognized servable version label: {spec.label}"
            )
        return model.labels[spec.label]

    def _check_labels(self, model: ModelSettings) -> None:
        versions, before = self._versions.get(model.name), self._settings.get(model.name)
        serving = versions.loaded() if versions else set()
        for label, version in model.labels.items():
            old = before.labels.get(label) if before else None
            may_wait = self._label_policy.new if old is None else self._label_policy.moved
            if version not in serving and version != old and not may_wait:
                raise ServableError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label {label!r} to version {version} of model "
                    f"{model.name}, which is not currently available for inference",
                )
