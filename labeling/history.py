"""The append-only history: who changed which line, when, from what to what, seeing which model."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from typing import Any

ADDED, LABELLED, MARKED_UNREADABLE = "added", "labelled", "unreadable"
SKIPPED, FLAGGED, DECIDED, UNDONE = "skipped", "flagged", "decided", "undone"


@dataclass(frozen=True)
class Change:
    """An entry of the history.

    Args:
      id: grows with time.
      item: the line.
      at: ISO 8601 in UTC.
      who: the annotator, or the program's part that did it.
      action: one of this module's, or of another module's own.
      before: the text that counted before; None where none did.
      after: the text given; None where none was.
      model_version: of the reading that was shown.
      note: of the annotator.
      undone: whether a later entry takes it back.
    """

    id: int
    item: int
    at: str
    who: str
    action: str
    before: str | None
    after: str | None
    model_version: str
    note: str
    undone: bool


def now() -> str:
    """Returns the time as the store writes it: ISO 8601 in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def append(
    connection: sqlite3.Connection,
    item_id: int,
    who: str,
    action: str,
    before: str | None,
    after: str | None,
    model_version: str,
    note: str = "",
    state: Mapping[str, Any] | None = None,
    undoes: int | None = None,
) -> int:
    """Adds an entry, inside the transaction that makes the change; returns its id.

    Args:
      connection: of `Store.transaction`.
      item_id: the line.
      who: as of `Change`, like those that follow.
      action: what was done.
      before: text.
      after: text.
      model_version: shown.
      note: of the annotator.
      state: all that taking it back needs; None where it cannot be.
      undoes: id of the entry that this one takes back.
    """
    told = None if state is None else json.dumps(state, ensure_ascii=False)
    entry = (item_id, now(), who, action, before, after, model_version, note, told, undoes)
    done = connection.execute(
        "INSERT INTO history (item, at, who, action, before, after, model_version, note, state,"
        " undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry,
    )
    return int(done.lastrowid or 0)


_SELECT = """
SELECT h.id, h.item, h.at, h.who, h.action, h.before, h.after, h.model_version, h.note,
  EXISTS (SELECT 1 FROM history u WHERE u.undoes = h.id) AS undone
FROM history h """


def of_item(connection: sqlite3.Connection, item_id: int) -> list[Change]:
    """Returns the entries of a line, the oldest first."""
    return _changes(connection.execute(_SELECT + "WHERE h.item = ? ORDER BY h.id", (item_id,)))


def latest(connection: sqlite3.Connection, count: int, before: int | None = None) -> list[Change]:
    """Returns the newest entries but those of lines being added, the newest first.

    Args:
      connection: for reading.
      count: the most that are returned.
      before: only entries older than this id.
    """
    condition = "WHERE h.action != ? AND (? IS NULL OR h.id < ?) ORDER BY h.id DESC LIMIT ?"
    return _changes(connection.execute(_SELECT + condition, (ADDED, before, before, count)))


def change_of(row: sqlite3.Row) -> Change:
    """Returns the entry of a row of the table `history`; `undone` is False where it is not told."""
    told = dict(row)
    undone = bool(told.get("undone", False))
    return Change(**{name: told[name] for name in _NAMES}, undone=undone)


_NAMES = tuple(field.name for field in fields(Change) if field.name != "undone")


def _changes(rows: sqlite3.Cursor) -> list[Change]:
    return [change_of(row) for row in rows]
