"""The versions of one model: watches the base path, loads, swaps and unloads.

`models` holds one of these for each model; requests borrow a loaded version with `lease`. The
folder `BASE/7/` holds version 7; which versions are wanted is the policy's business. A new version
loads before an old one unloads, and that unloads after its last request. Two things are kinder than
in TensorFlow Serving: what is loaded is kept until every wanted version serves, so a version that
cannot load takes nothing away and an older one steps in where nothing else serves; and a base path
that has become empty (an unmounted disk) keeps what is loaded.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from serving.model_folder import MODEL_FILE, ready_versions
from serving.server.discard import discard
from serving.server.model_config import NEWEST_VERSION, VersionPolicy
from serving.server.status import Code, ServableError
from serving.server.version_states import (
    DEFAULT_LOAD_POLICY,
    Failure,
    Lease,
    LoadPolicy,
    State,
    VersionStatus,
    not_found,
)

RETRY_LOOK_SECONDS = 1.0
"""The pause between two looks for due retries where the base path is looked at once only."""

_log = logging.getLogger(__name__)


class ModelVersions:
    """The versions of one model under its base path.

    Args:
      model_name: told in messages.
      base_path: the folder with the numeric version folders; it may appear later.
      load: makes a servable from a version folder; any exception counts as a failed load.
      policy: which versions are wanted.
      load_policy: how failed loads are retried.
      find: lists the versions that are completely written, with their folders.
      clock: seconds that never go back.
    """

    def __init__(
        self,
        model_name: str,
        base_path: Path,
        load: Callable[[Path], Any],
        policy: VersionPolicy = NEWEST_VERSION,
        load_policy: LoadPolicy = DEFAULT_LOAD_POLICY,
        find: Callable[[Path], dict[int, Path]] = ready_versions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model_name = model_name
        self._base_path = base_path
        self._policy = policy
        self._load_policy = load_policy
        self._load = load
        self._find = find
        self._clock = clock
        self._changed = threading.Condition()  # guards everything below
        self._loaded: dict[int, Lease] = {}
        self._statuses: dict[int, VersionStatus] = {}
        self._failures: dict[int, Failure] = {}
        self._looks = 0
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self, poll_seconds: float) -> None:
        """Watches in a thread until `stop`; 0 looks once, and again only when reconfigured."""
        self._watcher = threading.Thread(
            target=self._watch, args=(poll_seconds,), name="model-versions", daemon=True
        )
        self._watcher.start()

    def stop(self, timeout: float | None = None) -> None:
        """Ends the watch and unloads each version once its last lease is returned."""
        self._stopping.set()
        self._wake.set()
        if self._watcher is not None:
            self._watcher.join(timeout)
        with self._changed:
            leases = list(self._loaded.values())
            self._loaded.clear()
        for lease in leases:
            self._retire(lease)

    def reconfigure(self, base_path: Path, policy: VersionPolicy) -> None:
        """Changes what is watched and wanted; the watch looks at once."""
        with self._changed:
            if base_path != self._base_path:
                self._failures.clear()
            self._base_path, self._policy = base_path, policy
            self._looks = 0
        self._wake.set()

    def poll(self) -> None:
        """Looks at the base path once and loads and unloads what the policy wants.

        One thread polls, so what is loaded does not change under it.
        """
        with self._changed:
            base_path = self._base_path
        self._settle(self._find(base_path))

    @contextlib.contextmanager
    def lease(self, version: int | None = None) -> Iterator[Lease]:
        """Lends a loaded version for one request, the newest where none is named.

        Raises:
          ServableError: NOT_FOUND, it is not loaded.
        """
        with self._changed:
            newest = max(self._loaded, default=None)
            lease = self._loaded.get(newest if version is None else version)  # type: ignore[arg-type]
            if lease is None:
                raise not_found(self.model_name, version)
            lease.users += 1
        try:
            yield lease
        finally:
            self._return(lease)

    def loaded(self) -> set[int]:
        """Returns the versions that serve."""
        with self._changed:
            return set(self._loaded)

    def statuses(self) -> dict[int, VersionStatus]:
        """Returns the status of every version that was touched, newest first."""
        with self._changed:
            return dict(sorted(self._statuses.items(), reverse=True))

    def wait_until_available(self, timeout: float) -> int:
        """Waits until a version serves and the last reconfiguration was looked at.

        Returns:
          The newest version that serves.

        Raises:
          TimeoutError: none within `timeout` seconds; the message says how far the loads came.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._loaded and self._looks, timeout)
            if self._loaded:
                return max(self._loaded)
            told = [f"{s.version} {s.state.name} {s.message}" for s in self._statuses.values()]
        raise TimeoutError(
            f"expected model {self.model_name!r} to load within {timeout:g} s from "
            f"{self._base_path}: {'; '.join(told) or f'no version folder has {MODEL_FILE}'}"
        )

    def _watch(self, poll_seconds: float) -> None:
        if not self._base_path.is_dir():
            _log.warning("waiting for the base path %s to appear", self._base_path)
        ready: dict[int, Path] = {}
        while not self._stopping.is_set():
            try:
                if poll_seconds or not self._looks:
                    ready = self._find(self._base_path)
                self._settle(ready)
            except OSError:
                # A file system that fails for a moment must not end the watch.
                _log.exception("cannot look at %s; trying again", self._base_path)
            self._wake.wait(poll_seconds or RETRY_LOOK_SECONDS)
            self._wake.clear()

    def _settle(self, ready: dict[int, Path]) -> None:
        """Loads what is wanted of the versions on disk, then unloads what no longer is."""
        self._forget_gone(ready)
        with self._changed:
            wanted = self._policy.choose(ready)
            stand_ins = [] if self._policy.specific is not None else sorted(ready, reverse=True)
        for version in wanted:
            self._try(version, ready[version])
        for version in stand_ins:
            if self._loaded or self._stopping.is_set():
                break
            self._try(version, ready[version])
        self._retire_unwanted(wanted)
        with self._changed:
            self._looks += 1
            self._changed.notify_all()

    def _retire_unwanted(self, wanted: list[int]) -> None:
        with self._changed:
            complete = wanted and self._loaded.keys() >= set(wanted)
            unwanted = [v for v in self._loaded if complete and v not in wanted]
            leases = [self._loaded.pop(version) for version in unwanted]
        for lease in leases:
            self._retire(lease)

    def _try(self, version: int, path: Path) -> None:
        """Loads a version and lets it serve, unless it serves already or is not due."""
        if version in self._loaded or not self._is_due(version) or self._stopping.is_set():
            return
        self._set(VersionStatus(version, State.LOADING))
        _log.info("loading version %d of model %s from %s", version, self.model_name, path)
        try:
            servable = self._load(path)
        except Exception as error:  # whatever a candidate does, the old version keeps serving
            self._failed(version, error)
            return
        with self._changed:
            if not self._stopping.is_set():
                self._loaded[version] = Lease(version, servable)
                self._failures.pop(version, None)
                self._statuses[version] = VersionStatus(version, State.AVAILABLE)
                self._changed.notify_all()
                _log.info("version %d of model %s serves", version, self.model_name)
                return
        discard(servable)

    def _is_due(self, version: int) -> bool:
        failure = self._failures.get(version)
        return failure is None or failure.is_due(self._load_policy, self._clock())

    def _failed(self, version: int, error: Exception) -> None:
        code = error.code if isinstance(error, ServableError) else Code.UNKNOWN
        message = f"{type(error).__name__}: {error}"
        failure = self._failures.setdefault(version, Failure())
        failure.count(self._load_policy, self._clock())
        state = State.END if failure.is_final(self._load_policy) else State.LOADING
        self._set(VersionStatus(version, state, code, message))
        _log.error(
            "version %d of model %s does not load (attempt %d of %d): %s",
            version,
            self.model_name,
            failure.attempts,
            self._load_policy.retries + 1,
            message,
        )

    def _forget_gone(self, ready: dict[int, Path]) -> None:
        """Drops what is known of versions whose folder went away, except the loaded ones."""
        with self._changed:
            for version in set(self._statuses) - set(ready):
                if self._statuses[version].state not in (State.AVAILABLE, State.UNLOADING):
                    del self._statuses[version]
                    self._failures.pop(version, None)

    def _set(self, status: VersionStatus) -> None:
        with self._changed:
            self._statuses[status.version] = status
            self._changed.notify_all()

    def _retire(self, lease: Lease) -> None:
        self._set(VersionStatus(lease.version, State.UNLOADING))
        with self._changed:
            lease.retired = True
            unused = lease.users == 0
        if unused:
            self._unload(lease)

    def _return(self, lease: Lease) -> None:
        with self._changed:
            lease.users -= 1
            last = lease.retired and lease.users == 0
        if last:
            self._unload(lease)

    def _unload(self, lease: Lease) -> None:
        discard(lease.servable)
        self._set(VersionStatus(lease.version, State.END))
        _log.info("version %d of model %s is unloaded", lease.version, self.model_name)
