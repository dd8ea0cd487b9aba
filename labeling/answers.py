"""What annotators do to a line: label, mark unreadable, skip, flag, decide, and take it back.

Each is one transaction that checks that the line is still what the annotator saw, changes it, and
adds an entry to the history.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labeling import history
from labeling.agreement import measure, sample
from labeling.items import ACCEPTED, DISPUTED, FLAGGED, UNREADABLE, WAITING, Item, item_of
from labeling.queue import Asker, claimed_by_other
from labeling.store import Store
from labeling.texts import checked_text
from schema.alphabet import Alphabet
from schema.errors import InputError

NOTE_LENGTH = 500

_UNDOABLE = (
    history.LABELLED,
    history.MARKED_UNREADABLE,
    history.SKIPPED,
    history.FLAGGED,
    history.DECIDED,
)


class ConflictError(InputError):
    """Somebody else has changed the line meanwhile, or is at it; nothing was changed."""


@dataclass(frozen=True)
class Seen:
    """A line as an annotator saw it.

    Args:
      item: its id.
      revision: at that time.
    """

    item: int
    revision: int


def label(store: Store, asker: Asker, seen: Seen, text: str, alphabet: Alphabet) -> Item:
    """Keeps an annotator's text of a line and returns the line as it is now.

    Raises:
      InputError: the text is empty or has characters outside the alphabet.
      ConflictError: the line is no more as it was seen.
    """
    checked = checked_text(text, alphabet)
    return _answer(store, asker, seen, history.LABELLED, checked)


def mark_unreadable(store: Store, asker: Asker, seen: Seen) -> Item:
    """Keeps that an annotator cannot read a line; raises as `label` does."""
    return _answer(store, asker, seen, history.MARKED_UNREADABLE, None)


def skip(store: Store, asker: Asker, seen: Seen) -> Item:
    """Puts a line behind all others for this annotator; raises as `label` does."""
    with _changing(store, asker, seen) as (connection, item):
        state = _state(connection, item, asker.who)
        connection.execute(
            "INSERT OR REPLACE INTO skips SELECT ?, ?, COALESCE(MAX(number), 0) + 1 FROM skips",
            (item.id, asker.who),
        )
        _note(connection, item, asker.who, history.SKIPPED, None, state=state)
    return store.item(seen.item)


def flag(store: Store, asker: Asker, seen: Seen, note: str) -> Item:
    """Takes a line out of the queue for somebody to have a look; raises as `label` does.

    Args:
      store: of the line.
      asker: who does it.
      seen: what they saw.
      note: why, at most `NOTE_LENGTH` characters.
    """
    if len(note) > NOTE_LENGTH:
        raise InputError(
            f"expected a note of at most {NOTE_LENGTH} characters, got {len(note)}: shorten it"
        )
    with _changing(store, asker, seen) as (connection, item):
        state = _state(connection, item, asker.who)
        _set(connection, item.id, FLAGGED, None)
        _note(connection, item, asker.who, history.FLAGGED, None, note=note, state=state)
    return store.item(seen.item)


def decide(store: Store, asker: Asker, seen: Seen, text: str | None, alphabet: Alphabet) -> Item:
    """Settles a line whatever was said of it: the text that counts, or None for unreadable.

    Raises:
      InputError: the text is empty or has characters outside the alphabet.
      ConflictError: the line is no more as it was seen.
    """
    checked = None if text is None else checked_text(text, alphabet)
    with _changing(store, asker, seen) as (connection, item):
        state = _state(connection, item, asker.who)
        _set(connection, item.id, UNREADABLE if checked is None else ACCEPTED, checked)
        _note(connection, item, asker.who, history.DECIDED, checked, state=state)
    return store.item(seen.item)


def undo(store: Store, asker: Asker) -> Item | None:
    """Takes back what an annotator did last and was not taken back yet.

    Returns:
      The line that it was, as it is now; None where nothing is left to take back.

    Raises:
      ConflictError: somebody has changed that line since.
    """
    with store.transaction() as connection:
        entry = _last_deed(connection, asker.who)
        if entry is None:
            return None
        item = _item(connection, entry["item"])
        if _changed_since(connection, entry) or claimed_by_other(connection, item.id, asker):
            raise ConflictError(
                f"expected to take back what was done to {item.name}, got a line that somebody "
                "else has changed since: correct it on its own page"
            )
        _restore(connection, item.id, asker.who, json.loads(entry["state"]))
        _note(connection, item, asker.who, history.UNDONE, None, undoes=entry["id"])
        return _item(connection, item.id)


def last_text(store: Store, item_id: int, who: str) -> str:
    """Returns the text that an annotator last gave a line, taken back or not; "" for none."""
    row = (
        store.reading()
        .execute(
            "SELECT after FROM history WHERE item = ? AND who = ? AND after IS NOT NULL"
            " ORDER BY id DESC LIMIT 1",
            (item_id, who),
        )
        .fetchone()
    )
    return "" if row is None else str(row["after"])


def answers_of(store: Store, item_id: int) -> dict[str, str | None]:
    """Returns what each annotator has said of a line, None for unreadable."""
    rows = store.reading().execute(
        "SELECT who, text FROM answers WHERE item = ? ORDER BY who", (item_id,)
    )
    return {row["who"]: row["text"] for row in rows}


def last_deed(store: Store, who: str) -> history.Change | None:
    """Returns what `undo` would take back; None where nothing is left."""
    entry = _last_deed(store.reading(), who)
    return None if entry is None else history.change_of(entry)


def _answer(store: Store, asker: Asker, seen: Seen, action: str, text: str | None) -> Item:
    with _changing(store, asker, seen) as (connection, item):
        if item.status != WAITING:
            raise ConflictError(
                f"expected {item.name} to wait for a label, got one that is {item.status}: "
                "correct it on its own page"
            )
        state = _state(connection, item, asker.who)
        item = sample(connection, item)
        connection.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (item.id, asker.who, text)
        )
        measure(connection, item.id)
        _set(connection, item.id, *_outcome(connection, item))
        _note(connection, item, asker.who, action, text, state=state)
    return store.item(seen.item)


def _outcome(connection: sqlite3.Connection, item: Item) -> tuple[str, str | None]:
    """Returns the status that the answers to a line make, and the text that counts."""
    rows = connection.execute("SELECT text FROM answers WHERE item = ?", (item.id,)).fetchall()
    if len(rows) < item.annotators:
        return WAITING, None
    texts = {row["text"] for row in rows}
    if len(texts) > 1:
        return DISPUTED, None
    [text] = texts
    return (UNREADABLE, None) if text is None else (ACCEPTED, text)


@contextmanager
def _changing(store: Store, asker: Asker, seen: Seen) -> Iterator[tuple[sqlite3.Connection, Item]]:
    """Gives a line in a transaction, if it is still as it was seen and nobody else is at it."""
    with store.transaction() as connection:
        item = _item(connection, seen.item)
        if item.revision != seen.revision:
            raise ConflictError(
                f"expected {item.name} as it was shown, got one that was changed meanwhile: "
                "look at it again"
            )
        if claimed_by_other(connection, item.id, asker):
            raise ConflictError(
                f"expected {item.name} to be free, got one that somebody else is labelling: "
                "take the next"
            )
        yield connection, item
        connection.execute("DELETE FROM claims WHERE item = ?", (item.id,))


def _item(connection: sqlite3.Connection, item_id: int) -> Item:
    row = connection.execute("SELECT * FROM items WHERE id = ?", (item_id,)).fetchone()
    if row is None:
        raise InputError(f"expected the number of a line, got {item_id}: there is none of it")
    return item_of(row)


def _set(connection: sqlite3.Connection, item_id: int, status: str, text: str | None) -> None:
    connection.execute(
        "UPDATE items SET status = ?, text = ? WHERE id = ?", (status, text, item_id)
    )


def _note(
    connection: sqlite3.Connection,
    item: Item,
    who: str,
    action: str,
    text: str | None,
    note: str = "",
    state: dict[str, Any] | None = None,
    undoes: int | None = None,
) -> None:
    """Adds the entry of a change and moves the line's revision on."""
    history.append(
        connection, item.id, who, action, item.text, text, item.model_version, note, state, undoes
    )
    connection.execute("UPDATE items SET revision = revision + 1 WHERE id = ?", (item.id,))


def _state(connection: sqlite3.Connection, item: Item, who: str) -> dict[str, Any]:
    """Returns all of a line that one annotator's deed may change."""
    of_line = (item.id, who)
    answer = connection.execute(
        "SELECT text FROM answers WHERE item = ? AND who = ?", of_line
    ).fetchone()
    skipped = connection.execute(
        "SELECT number FROM skips WHERE item = ? AND who = ?", of_line
    ).fetchone()
    return {
        "status": item.status,
        "text": item.text,
        "answer": None if answer is None else [answer["text"]],
        "skipped": None if skipped is None else skipped["number"],
    }


def _restore(connection: sqlite3.Connection, item_id: int, who: str, state: dict[str, Any]) -> None:
    _set(connection, item_id, state["status"], state["text"])
    for table, value in (
        ("answers", state["answer"]),
        ("skips", None if state["skipped"] is None else [state["skipped"]]),
    ):
        connection.execute(f"DELETE FROM {table} WHERE item = ? AND who = ?", (item_id, who))
        if value is not None:
            connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (item_id, who, *value))
    measure(connection, item_id)


def _last_deed(connection: sqlite3.Connection, who: str) -> sqlite3.Row | None:
    marks = ", ".join("?" * len(_UNDOABLE))
    row: sqlite3.Row | None = connection.execute(
        f"SELECT * FROM history h WHERE who = ? AND action IN ({marks}) AND NOT EXISTS"
        " (SELECT 1 FROM history u WHERE u.undoes = h.id) ORDER BY id DESC LIMIT 1",
        (who, *_UNDOABLE),
    ).fetchone()
    return row


def _changed_since(connection: sqlite3.Connection, entry: sqlite3.Row) -> bool:
    """Tells whether a line has a later entry that stands."""
    row = connection.execute(
        "SELECT 1 FROM history h WHERE item = ? AND id > ? AND undoes IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM history u WHERE u.undoes = h.id)",
        (entry["item"], entry["id"]),
    ).fetchone()
    return row is not None
