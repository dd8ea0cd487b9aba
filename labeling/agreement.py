"""How far annotators agree who have labelled the same lines, and which lines two are asked for.

Measured when the second answer comes, so that the page need not compare all lines again.
"""

import hashlib
import sqlite3
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from labeling import history
from labeling.items import WAITING, Item
from labeling.store import Store
from schema.errors import InputError

ASKED_FOR_SECOND = "second asked for"
BY_CHANCE = "random sample"
"""Stands in the history where nobody has chosen the line."""

_SHARE = "second_percent"
_ALL = 100


@dataclass(frozen=True)
class Pair:
    """Two annotators and the lines that both have labelled.

    Args:
      first: name, before the other's in the alphabet.
      second: name.
      lines: that both have answered.
      same: of them, with the same answer.
      edits: between their texts (Levenshtein), of lines that both could read.
      characters: of these texts, the mean of both sums.
    """

    first: str
    second: str
    lines: int
    same: int
    edits: int
    characters: float

    @property
    def cer(self) -> float | None:
        """Edits by characters; neither annotator is the truth, so the mean length counts.

        None where no line could be read by both.
        """
        return self.edits / self.characters if self.characters else None


def measure(connection: sqlite3.Connection, item_id: int) -> None:
    """Compares the answers to a line anew, inside the transaction that changes one."""
    connection.execute("DELETE FROM agreement WHERE item = ?", (item_id,))
    answers = connection.execute(
        "SELECT who, text FROM answers WHERE item = ? ORDER BY who", (item_id,)
    ).fetchall()
    if len(answers) != 2:
        return
    (first, one), (second, two) = answers
    readable = one is not None and two is not None
    edits = Levenshtein.distance(one, two) if readable else 0
    characters = (len(one) + len(two)) / 2 if readable else 0.0
    connection.execute(
        "INSERT INTO agreement VALUES (?, ?, ?, ?, ?, ?)",
        (item_id, first, second, one == two, edits, characters),
    )


def pairs(store: Store) -> list[Pair]:
    """Returns all pairs of annotators with lines in common."""
    rows = store.reading().execute(
        "SELECT first, second, COUNT(*) AS lines, SUM(same) AS same, SUM(edits) AS edits,"
        " SUM(characters) AS characters FROM agreement GROUP BY first, second"
        " ORDER BY first, second"
    )
    return [Pair(**dict(row)) for row in rows]


def ask_for_second(store: Store, who: str, count: int) -> int:
    """Has a second annotator asked for the most urgent lines that wait for one; returns how many.

    Args:
      store: of the lines.
      who: asks, for the history.
      count: the most lines.
    """
    with store.transaction() as connection:
        rows = connection.execute(
            "SELECT id, model_version FROM items WHERE status = ? AND annotators = 1"
            " ORDER BY priority DESC, id LIMIT ?",
            (WAITING, count),
        ).fetchall()
        for row in rows:
            history.append(
                connection, row["id"], who, ASKED_FOR_SECOND, None, None, row["model_version"]
            )
        connection.executemany(
            "UPDATE items SET annotators = 2, revision = revision + 1 WHERE id = ?",
            ((row["id"],) for row in rows),
        )
    return len(rows)


def half_answered(store: Store) -> dict[str, int]:
    """Returns how many lines wait for somebody else, by who has answered them."""
    rows = store.reading().execute(
        "SELECT answered_by, SUM(lines) FROM tallies WHERE status = ? AND answered_by != ''"
        " GROUP BY answered_by HAVING SUM(lines) > 0 ORDER BY answered_by",
        (WAITING,),
    )
    return dict(map(tuple, rows))


def second_percent(connection: sqlite3.Connection) -> int:
    """Returns of how many in a hundred lines, taken at random, a second annotator is asked."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (_SHARE,)).fetchone()
    return 0 if row is None else int(row["value"])


def set_second_percent(store: Store, percent: int) -> None:
    """Has a second annotator asked for a random share of the lines that are answered from now on.

    Raises:
      InputError: it is no share.
    """
    if not 0 <= percent <= _ALL:
        raise InputError(f"expected a share of 0 to {_ALL} %, got {percent}: give another")
    with store.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_SHARE, str(percent)))


def sample(connection: sqlite3.Connection, item: Item) -> Item:
    """Asks for a second annotator of a line by chance, when its first answer comes.

    Whoever answers first cannot tell which lines these are. A hash of the line's key takes the
    place of the dice: a line that is answered again is in the sample again.

    Returns:
      The line as it is now.
    """
    place = int.from_bytes(hashlib.sha256(item.key.encode()).digest()[:8], "big") / 2**64
    if item.annotators > 1 or place * _ALL >= second_percent(connection):
        return item
    connection.execute("UPDATE items SET annotators = 2 WHERE id = ?", (item.id,))
    history.append(
        connection, item.id, BY_CHANCE, ASKED_FOR_SECOND, item.text, None, item.model_version
    )
    return replace(item, annotators=2)
