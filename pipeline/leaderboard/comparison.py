"""Two entries field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.leaderboard.entry import Entry
from schema.errors import InputError

_ABSENT = "-"
_SHOWN_FIELDS = ("task", "dataset", "network", "error", "latency_ms", "model_bytes", "verdict")


@dataclass(frozen=True)
class Difference:
    """A field that two entries have; `field` is dotted, values are as text."""

    field: str
    left: str
    right: str

    @property
    def same(self) -> bool:
        """Whether both have the same."""
        return self.left == self.right


def find_entry(entries: list[Entry], name: str) -> Entry:
    """Returns the entry of a name, or of its end where that is unique.

    Raises:
      InputError: there is none, or there are several.
    """
    exact = [entry for entry in entries if entry.name == name]
    found = exact or [entry for entry in entries if entry.name.endswith(f"/{name}")]
    if len(found) == 1:
        return found[0]
    told = ", ".join(entry.name for entry in found or entries) or "none"
    raise InputError(
        f"expected the name of one entry, got {name}, which "
        f"{'several end in' if found else 'none has'}: the names are {told}"
    )


def compare(left: Entry, right: Entry) -> list[Difference]:
    """Returns every field that one of two entries has."""
    ours, theirs = dict(_fields(left)), dict(_fields(right))
    names = list(dict.fromkeys([*ours, *theirs]))
    return [Difference(name, ours.get(name, _ABSENT), theirs.get(name, _ABSENT)) for name in names]


def _fields(entry: Entry) -> Iterator[tuple[str, str]]:
    for name in _SHOWN_FIELDS:
        value = getattr(entry, name)
        yield name, _ABSENT if value is None else str(value)
    yield from _flatten("", entry.facts)


def _flatten(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flatten(f"{prefix}.{key}" if prefix else str(key), each)
    elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
        for number, each in enumerate(value):
            yield from _flatten(f"{prefix}.{number}", each)
    elif prefix:
        yield prefix, str(list(value) if isinstance(value, tuple) else value)
