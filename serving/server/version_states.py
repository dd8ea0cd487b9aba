"""The life of a version as records: its states, how a load is retried, who uses it.

`versions` keeps these of a model's versions; statuses go to clients as they are.
"""

import enum
from dataclasses import dataclass, field
from typing import Any

from serving.server.status import Code, ServableError


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


DEFAULT_LOAD_POLICY = LoadPolicy()


@dataclass
class Lease:
    """A loaded version; as long as someone uses it, it stays loaded."""

    version: int
    servable: Any
    users: int = field(default=0, repr=False)
    retired: bool = field(default=False, repr=False)


@dataclass
class Failure:
    """The failed attempts to load a version and the time from which the next one is due."""

    attempts: int = 0
    next_attempt: float = 0.0

    def is_final(self, policy: LoadPolicy) -> bool:
        """Tells whether no further attempt is made."""
        return self.attempts > policy.retries

    def is_due(self, policy: LoadPolicy, now: float) -> bool:
        """Tells whether the next attempt may be made."""
        return not self.is_final(policy) and now >= self.next_attempt

    def count(self, policy: LoadPolicy, now: float) -> None:
        """Takes another failed attempt."""
        self.attempts += 1
        self.next_attempt = now + policy.retry_seconds


def not_found(name: str, version: int | None) -> ServableError:
    """Returns the error for a model or version that does not serve."""
    wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
    return ServableError(Code.NOT_FOUND, f"Servable not found for request: {wanted}")
