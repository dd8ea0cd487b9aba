"""Which version of the model serves: watches the base path, loads, swaps and unloads.

`model_server` starts the watch; `grpc_service` and `rest_api` borrow the serving version with
`lease` and read `statuses`. The folder `BASE/7/` holds version 7; the newest serves. It is ready
once it has `saved_model.pb`, which the Pusher writes last. The new version loads before the old one
unloads, and the old one unloads after its last request. Two things are kinder than in TensorFlow
Serving: a version that cannot load never leaves the server without an older one that can, and a
base path that has become empty (an unmounted disk) keeps the last version serving.
"""

import contextlib
import enum
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from serving.model_folder import MODEL_FILE, ready_versions
from serving.server.servable import Code, Servable, ServableError

_log = logging.getLogger(__name__)


class State(enum.IntEnum):
    """The life of a version, with the numbers of `ModelVersionStatus.State`."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionStatus:
    """What `GetModelStatus` says of one version; `code` and `message` tell of a failed load."""

    version: int
    state: State
    code: Code = Code.OK
    message: str = ""


@dataclass(frozen=True)
class LoadPolicy:
    """How a failed load is retried.

    Args:
      retries: further attempts after the first; TensorFlow Serving's default is 5.
      retry_seconds: the pause between attempts; TensorFlow Serving's default is a minute.
    """

    retries: int = 5
    retry_seconds: float = 60.0


@dataclass
class Lease:
    """A loaded version; as long as someone uses it, it stays loaded."""

    version: int
    servable: Servable
    users: int = field(default=0, repr=False)
    retired: bool = field(default=False, repr=False)


@dataclass
class _Failure:
    """The failed attempts to load a version and the time from which the next one is due."""

    attempts: int = 0
    next_attempt: float = 0.0


class ModelVersions:
    """The versions of one model under its base path.

    Args:
      model_name: the name that requests must give.
      base_path: the folder with the numeric version folders; it may appear later.
      policy: how failed loads are retried.
      load: makes a servable from a version folder; any exception counts as a failed load.
      clock: seconds that never go back.
    """

    def __init__(
        self,
        model_name: str,
        base_path: Path,
        policy: LoadPolicy = LoadPolicy(),
        load: Callable[[Path], Servable] = Servable,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model_name = model_name
        self._base_path = base_path
        self._policy = policy
        self._load = load
        self._clock = clock
        self._changed = threading.Condition()  # guards everything below
        self._current: Lease | None = None
        self._statuses: dict[int, VersionStatus] = {}
        self._failures: dict[int, _Failure] = {}
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self, poll_seconds: float) -> None:
        """Poll in a thread until `stop`."""
        self._watcher = threading.Thread(
            target=self._watch, args=(poll_seconds,), name="model-versions", daemon=True
        )
        self._watcher.start()

    def stop(self, timeout: float | None = None) -> None:
        """End the watch and unload once the last lease is returned."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join(timeout)
        with self._changed:
            current, self._current = self._current, None
        if current is not None:
            self._retire(current)

    def poll(self) -> None:
        """Look at the base path once and make the newest version that loads the serving one.

        One thread polls, so the serving version does not change under it.
        """
        ready = ready_versions(self._base_path)
        self._forget_gone(ready)
        for version in sorted(ready, reverse=True):
            if self._current is not None and self._current.version == version:
                return
            if self._is_due(version) and self._try(version, ready[version]):
                return

    @contextlib.contextmanager
    def lease(self, name: str, version: int | None = None, label: str = "") -> Iterator[Lease]:
        """Lend the serving version for one request.

        Raises:
          ServableError: NOT_FOUND, no such model or version is loaded; INVALID_ARGUMENT, the label
            is unknown (none can be assigned yet).
        """
        if label:
            raise ServableError(
                Code.INVALID_ARGUMENT, f"Unrecognized servable version label: {label}"
            )
        with self._changed:
            lease = self._current
            fits = lease is not None and version in (None, lease.version)
            if lease is None or not fits or name != self.model_name:
                wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
                raise ServableError(Code.NOT_FOUND, f"Servable not found for request: {wanted}")
            lease.users += 1
        try:
            yield lease
        finally:
            self._return(lease)

    def statuses(self, name: str, version: int | None = None) -> list[VersionStatus]:
        """Return the status of the given or of every version that was touched, newest first.

        Raises:
          ServableError: NOT_FOUND, there is none.
        """
        with self._changed:
            known = dict(self._statuses) if name == self.model_name else {}
        if version is not None and version not in known:
            raise ServableError(Code.NOT_FOUND, f"Could not find version {version} of model {name}")
        if not known:
            raise ServableError(Code.NOT_FOUND, f"Could not find any versions of model {name}")
        wanted = sorted(known, reverse=True) if version is None else [version]
        return [known[number] for number in wanted]

    def wait_until_available(self, timeout: float) -> int:
        """Wait for a serving version and return its number.

        Raises:
          TimeoutError: none within `timeout` seconds; the message says how far the loads came.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._current is not None, timeout)
            if self._current is not None:
                return self._current.version
            told = [f"{s.version} {s.state.name} {s.message}" for s in self._statuses.values()]
        raise TimeoutError(
            f"expected model {self.model_name!r} to load within {timeout:g} s from "
            f"{self._base_path}: {'; '.join(told) or f'no version folder has {MODEL_FILE}'}"
        )

    def _watch(self, poll_seconds: float) -> None:
        if not self._base_path.is_dir():
            _log.warning("waiting for the base path %s to appear", self._base_path)
        while not self._stopping.is_set():
            try:
                self.poll()
            except OSError:
                # A file system that fails for a moment must not end the watch.
                _log.exception("cannot look at %s; trying again", self._base_path)
            self._stopping.wait(poll_seconds)

    def _is_due(self, version: int) -> bool:
        failure = self._failures.get(version)
        if failure is None:
            return True
        given_up = failure.attempts > self._policy.retries
        return not given_up and self._clock() >= failure.next_attempt

    def _try(self, version: int, path: Path) -> bool:
        """Load a version and let it serve; return whether that went well."""
        self._set(VersionStatus(version, State.LOADING))
        _log.info("loading version %d of model %s from %s", version, self.model_name, path)
        try:
            servable = self._load(path)
        except Exception as error:  # whatever a candidate does, the old version keeps serving
            self._failed(version, error)
            return False
        if self._stopping.is_set():
            servable.close()
            return False
        with self._changed:
            old, self._current = self._current, Lease(version, servable)
            self._failures.pop(version, None)
            self._statuses[version] = VersionStatus(version, State.AVAILABLE)
            self._changed.notify_all()
        _log.info("version %d of model %s serves", version, self.model_name)
        if old is not None:
            self._retire(old)
        return True

    def _failed(self, version: int, error: Exception) -> None:
        code = error.code if isinstance(error, ServableError) else Code.UNKNOWN
        message = f"{type(error).__name__}: {error}"
        failure = self._failures.setdefault(version, _Failure())
        failure.attempts += 1
        failure.next_attempt = self._clock() + self._policy.retry_seconds
        given_up = failure.attempts > self._policy.retries
        self._set(VersionStatus(version, State.END if given_up else State.LOADING, code, message))
        _log.error(
            "version %d of model %s does not load (attempt %d of %d): %s",
            version,
            self.model_name,
            failure.attempts,
            self._policy.retries + 1,
            message,
        )

    def _forget_gone(self, ready: dict[int, Path]) -> None:
        """Drop what is known of versions whose folder went away, except the loaded one."""
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
        lease.servable.close()
        self._set(VersionStatus(lease.version, State.END))
        _log.info("version %d of model %s is unloaded", lease.version, self.model_name)
