"""What alerting remembers from one run to the next: episodes, and messages still to be delivered.

One JSON file, replaced in one step and on the disk before anything is sent: after a crash a message
may come twice, with the same id, but none is lost.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from schema.errors import InputError
from schema.file_lock import try_lock
from serving.monitor.alerts.episodes import Episode
from serving.monitor.alerts.message import Message, message_from_json
from serving.whole_file import write_whole

_FORMAT = 1

Who = tuple[str, int | None]
"""Model and version."""


@dataclass
class Mailbox:
    """What one receiver still has to get, and how it went so far.

    Args:
      waiting: messages, the oldest first.
      delivered, failed, dropped: counts since the ledger began: messages, attempts, and messages
        given up since too many waited.
      attempts: failed ones in a row.
      retry_at: not to be tried before, UTC; None for at once.
      error: of the last attempt, empty when it went well.
    """

    waiting: list[Message] = field(default_factory=list)
    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    attempts: int = 0
    retry_at: datetime | None = None
    error: str = ""


@dataclass
class Ledger:
    """Episodes by model and version; mailboxes by the receiver's name."""

    episodes: dict[Who, Episode] = field(default_factory=dict)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)


def load_ledger(path: Path) -> Ledger:
    """Reads a ledger; an empty one where there is no file.

    Raises:
      InputError: the file is no ledger, or cannot be read.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']}, not {_FORMAT}")
        return Ledger(
            {
                (each["model"], each["version"]): _episode_from_json(each)
                for each in content["episodes"]
            },
            {name: _mailbox_from_json(each) for name, each in content["mailboxes"].items()},
        )
    except FileNotFoundError:
        return Ledger()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"expected the monitor's state, got {type(error).__name__} ({error}) for {path}: "
            "name another file with --state, or delete it (open alarms are then told anew)"
        ) from None


def save_ledger(ledger: Ledger, path: Path) -> None:
    """Writes a ledger, whole or not at all.

    Raises:
      InputError: it could not be written.
    """
    content = {
        "format": _FORMAT,
        "episodes": [
            {"model": model, "version": version} | _episode_to_json(episode)
            for (model, version), episode in ledger.episodes.items()
        ],
        "mailboxes": {name: _mailbox_to_json(each) for name, each in ledger.mailboxes.items()},
    }
    try:
        write_whole(path, json.dumps(content, indent=1, allow_nan=False).encode() + b"\n")
    except OSError as error:
        raise _cannot_write(path, error) from None


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Keeps other monitors off a ledger; a killed process leaves no lock behind.

    Raises:
      InputError: another one holds it, or its folder cannot be written.
    """
    try:
        lock = try_lock(path.with_name(f"{path.name}.lock"))
    except OSError as error:
        raise _cannot_write(path, error) from None
    if lock is None:
        raise InputError(
            f"expected a state of our own, got {path}, which another monitor uses: "
            "wait for it to end, or name another with --state"
        )
    with lock:
        yield


def _cannot_write(path: Path, error: OSError) -> InputError:
    return InputError(
        f"expected a place to keep the monitor's state, got {path} ({error.strerror}): "
        "name another file with --state, or mend its permissions or the disk"
    )


def _episode_to_json(episode: Episode) -> dict[str, Any]:
    return {
        "window": episode.window.isoformat(),
        "last": episode.last.isoformat(),
        "since": _time(episode.since),
        "alarmed": _time(episode.alarmed),
        "told": _time(episode.told),
        "checks": sorted(episode.checks),
    }


def _episode_from_json(content: dict[str, Any]) -> Episode:
    return Episode(
        window=datetime.fromisoformat(content["window"]),
        last=datetime.fromisoformat(content["last"]),
        since=_read_time(content["since"]),
        alarmed=_read_time(content["alarmed"]),
        told=_read_time(content["told"]),
        checks=frozenset(content["checks"]),
    )


def _mailbox_to_json(mailbox: Mailbox) -> dict[str, Any]:
    return {
        **vars(mailbox),
        "waiting": [message.to_json() for message in mailbox.waiting],
        "retry_at": _time(mailbox.retry_at),
    }


def _mailbox_from_json(content: dict[str, Any]) -> Mailbox:
    waiting = [message_from_json(each) for each in content["waiting"]]
    retry_at = _read_time(content["retry_at"])
    return Mailbox(**(content | {"waiting": waiting, "retry_at": retry_at}))


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _read_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
