"""Which line an annotator gets next: the most urgent one that nobody else has before them.

A line is claimed by a session (a browser) for a while, so that two people are not given the same
one. A claim is a courtesy: what keeps answers from overwriting each other is the line's revision,
which `answers.py` checks.
"""

import sqlite3
import time
from dataclasses import dataclass

from labeling.items import WAITING, Item, item_of
from labeling.store import Store

CLAIM_SECONDS = 600.0
"""How long a line stays with a session that says nothing."""
SKIPPED_BY_ASKER = "skipped by you"
"""In place of a reason: only lines that the annotator has skipped."""


@dataclass(frozen=True)
class Asker:
    """Who asks.

    Args:
      who: name of the annotator.
      session: of the browser: one annotator may have several.
    """

    who: str
    session: str


# Lines that wait are looked for by who has given the one answer that they may have: of an
# annotator's own, however many there are, none is looked at.
_FREE = """
SELECT i.* FROM items i
WHERE i.status = :waiting AND i.answered_by = :answered_by AND (:why = '' OR i.why = :why)
  AND i.id != :besides
  AND NOT EXISTS (
    SELECT 1 FROM claims c WHERE c.item = i.id AND c.session != :session AND c.until > :now)
"""
_FRESH = f"""{_FREE}
  AND NOT EXISTS (SELECT 1 FROM skips s WHERE s.item = i.id AND s.who = :who)
ORDER BY i.priority DESC, i.id LIMIT 1"""
_FRESH_OF_REASON = _FRESH.replace("(:why = '' OR i.why = :why)", "i.why = :why")
_SKIPPED = f"""
SELECT f.*, s.number AS skip FROM ({_FREE}) f JOIN skips s ON s.item = f.id AND s.who = :who
ORDER BY s.number LIMIT 1"""


def take_next(store: Store, asker: Asker, why: str = "") -> Item | None:
    """Returns the next line for an annotator and claims it; None where none is left.

    What the annotator has skipped comes last, in the order of skipping. What the session had
    claimed before is free again.

    Args:
      store: to look in.
      asker: gets the line.
      why: only lines that are queued for this reason, or `SKIPPED_BY_ASKER`; "" for all.
    """
    with store.transaction(durable=False) as connection:
        row = _find(connection, asker, why)
        connection.execute("DELETE FROM claims WHERE session = ?", (asker.session,))
        if row is None:
            return None
        _claim(connection, row["id"], asker)
        return item_of(row)


def take(store: Store, asker: Asker, item_id: int) -> None:
    """Claims a line that was asked for by its number, unless another session has it."""
    with store.transaction(durable=False) as connection:
        if not claimed_by_other(connection, item_id, asker):
            connection.execute("DELETE FROM claims WHERE session = ?", (asker.session,))
            _claim(connection, item_id, asker)


def peek_next(store: Store, asker: Asker, item_id: int, why: str = "") -> Item | None:
    """Returns what would come after a line, so that a browser can fetch its picture meanwhile."""
    row = _find_fresh(store.reading(), _values(asker, why) | {"besides": item_id})
    return None if row is None else item_of(row)


def claimed_by_other(connection: sqlite3.Connection, item_id: int, asker: Asker) -> bool:
    """Tells whether another session has a line."""
    row = connection.execute(
        "SELECT 1 FROM claims WHERE item = ? AND session != ? AND until > ?",
        (item_id, asker.session, time.time()),
    ).fetchone()
    return row is not None


def reasons(store: Store) -> dict[str, int]:
    """Returns how many lines wait for each reason that occurs; "" for none."""
    rows = store.reading().execute(
        "SELECT why, SUM(lines) FROM tallies WHERE status = ? GROUP BY why HAVING SUM(lines) > 0",
        (WAITING,),
    )
    return dict(map(tuple, rows))


def skipped(store: Store, who: str) -> int:
    """Returns how many lines that wait an annotator has skipped and not answered."""
    row = store.reading().execute(
        "SELECT COUNT(*) FROM skips s JOIN items i ON i.id = s.item"
        " WHERE s.who = ? AND i.status = ? AND i.answered_by != ?",
        (who, WAITING, who),
    )
    return int(row.fetchone()[0])


def _find(connection: sqlite3.Connection, asker: Asker, why: str) -> sqlite3.Row | None:
    if why == SKIPPED_BY_ASKER:
        return _find_skipped(connection, asker, "")
    fresh = _find_fresh(connection, _values(asker, why))
    return _find_skipped(connection, asker, why) if fresh is None else fresh


def _find_skipped(connection: sqlite3.Connection, asker: Asker, why: str) -> sqlite3.Row | None:
    """Returns the line that an annotator has skipped the longest ago."""
    values = _values(asker, why)
    found = [
        row
        for answered_by in _answerers(connection, asker.who)
        for row in connection.execute(_SKIPPED, values | {"answered_by": answered_by})
    ]
    return min(found, key=lambda row: row["skip"], default=None)


def _find_fresh(connection: sqlite3.Connection, values: dict[str, object]) -> sqlite3.Row | None:
    """Returns the most urgent line that an annotator has neither answered nor skipped."""
    query = _FRESH_OF_REASON if values["why"] else _FRESH
    found = [
        row
        for answered_by in _answerers(connection, str(values["who"]))
        for row in connection.execute(query, values | {"answered_by": answered_by})
    ]
    return max(found, key=lambda row: (row["priority"], -row["id"]), default=None)


def _answerers(connection: sqlite3.Connection, who: str) -> list[str]:
    """Returns who has given the one answer that lines have which wait, "" first; but for `who`."""
    rows = connection.execute(
        "SELECT DISTINCT answered_by FROM tallies WHERE status = ? AND answered_by != ?"
        " AND lines > 0 ORDER BY answered_by",
        (WAITING, who),
    )
    return [row["answered_by"] for row in rows]


def _values(asker: Asker, why: str) -> dict[str, object]:
    return {
        "waiting": WAITING,
        "why": why,
        "who": asker.who,
        "session": asker.session,
        "now": time.time(),
        "besides": 0,
    }


def _claim(connection: sqlite3.Connection, item_id: int, asker: Asker) -> None:
    connection.execute(
        "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (item) DO UPDATE SET"
        " session = excluded.session, until = excluded.until",
        (item_id, asker.session, time.time() + CLAIM_SECONDS),
    )
