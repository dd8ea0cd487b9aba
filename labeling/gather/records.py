"""Keeps writers with their consent, and what they were asked to write, in tables of the store.

Between `routes.py` and `labeling.store`. What they wrote are lines of the store itself, whose keys
(`line_key`) make sure that a prompt becomes one line, however often it is sent.
"""

import secrets
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from labeling.gather import sheet_layout as layout
from labeling.gather.consent import Consent
from labeling.history import now
from labeling.store import Store
from schema.errors import InputError

OPEN, WRITTEN, SKIPPED = "open", "written", "skipped"

TABLES = """
CREATE TABLE IF NOT EXISTS consents (version TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS writers (
  id TEXT PRIMARY KEY,
  consent TEXT NOT NULL REFERENCES consents (version),
  at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sheets (
  number INTEGER PRIMARY KEY,
  writer TEXT NOT NULL REFERENCES writers (id),
  at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS prompts (
  id INTEGER PRIMARY KEY,
  writer TEXT NOT NULL REFERENCES writers (id),
  text TEXT NOT NULL,
  at TEXT NOT NULL,
  state TEXT NOT NULL,
  sheet INTEGER REFERENCES sheets (number) -- NULL: written on the screen
);
CREATE INDEX IF NOT EXISTS prompts_of_writer ON prompts (writer, state, id);
CREATE INDEX IF NOT EXISTS prompts_of_sheet ON prompts (sheet, id);
"""

_ID_BYTES = 5
_TRIES = 20


@dataclass(frozen=True)
class Prompt:
    """A text that a writer was asked to write."""

    id: int
    writer: str
    text: str

    @property
    def line_key(self) -> str:
        """The key of the line that comes of it."""
        return f"prompt-{self.id}"


class GatherRecords:
    """Writers, prompts and sheets of a store.

    Args:
      store: gets tables of its own for them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        store.create_tables(TABLES)

    def agree(self, consent: Consent) -> str:
        """Returns the id of a new writer, who has agreed to a text."""
        writer = f"w-{secrets.token_hex(_ID_BYTES)}"
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO consents VALUES (?, ?)", (consent.version, consent.text)
            )
            connection.execute(
                "INSERT INTO writers VALUES (?, ?, ?)", (writer, consent.version, now())
            )
        return writer

    def knows(self, writer: str, consent: Consent) -> bool:
        """Tells whether a writer is known who has agreed to this text."""
        found = self._store.reading().execute(
            "SELECT 1 FROM writers WHERE id = ? AND consent = ?", (writer, consent.version)
        )
        return found.fetchone() is not None

    def open_prompt(self, writer: str) -> Prompt | None:
        """Returns what a writer is to write on the screen next; None where nothing is asked."""
        row = self._one(
            "SELECT * FROM prompts WHERE writer = ? AND state = ? AND sheet IS NULL ORDER BY id",
            (writer, OPEN),
        )
        return _prompt(row) if row else None

    def ask(self, writer: str, texts: Sequence[str]) -> None:
        """Asks a writer for texts on the screen."""
        with self._store.transaction() as connection:
            _insert_prompts(connection, writer, texts, None)

    def prompt(self, prompt_id: int, writer: str) -> Prompt:
        """Returns a prompt of a writer.

        Raises:
          InputError: they were asked for none of this number.
        """
        row = self._one("SELECT * FROM prompts WHERE id = ? AND writer = ?", (prompt_id, writer))
        if row is None:
            raise InputError(
                f"expected a text that {writer} was asked for, got number {prompt_id}: "
                "load the page anew"
            )
        return _prompt(row)

    def settle(self, prompts: Sequence[Prompt], state: str) -> None:
        """Notes that prompts are `WRITTEN` or `SKIPPED`; what is written stays so."""
        with self._store.transaction() as connection:
            connection.executemany(
                "UPDATE prompts SET state = ? WHERE id = ? AND state <> ?",
                [(state, prompt.id, WRITTEN) for prompt in prompts],
            )

    def make_sheet(self, writer: str, texts: Sequence[str]) -> int:
        """Returns the number of a new sheet with texts for a writer."""
        with self._store.transaction() as connection:
            for _ in range(_TRIES):
                number = secrets.randbits(layout.NUMBER_BITS)
                done = connection.execute(
                    "INSERT OR IGNORE INTO sheets VALUES (?, ?, ?)", (number, writer, now())
                )
                if done.rowcount:
                    _insert_prompts(connection, writer, texts, number)
                    return number
        raise InputError(
            "expected a number for one more sheet, got only numbers in use: begin another folder"
        )

    def sheet(self, number: int) -> list[Prompt]:
        """Returns the prompts of a sheet, from the top.

        Raises:
          InputError: there is no such sheet here.
        """
        rows = self._store.reading().execute(
            "SELECT * FROM prompts WHERE sheet = ? ORDER BY id", (number,)
        )
        prompts = [_prompt(row) for row in rows]
        if not prompts:
            raise InputError(
                f"expected a sheet that was made here, got sheet {layout.name_of(number)}: "
                "take its photograph to the labelling folder that printed it"
            )
        return prompts

    def count(self, writer: str | None = None) -> int:
        """Returns how many lines a writer, or everybody, has written."""
        if writer is None:
            row = self._one("SELECT COUNT(*) FROM prompts WHERE state = ?", (WRITTEN,))
        else:
            row = self._one(
                "SELECT COUNT(*) FROM prompts WHERE writer = ? AND state = ?", (writer, WRITTEN)
            )
        return int(row[0]) if row else 0

    def asked(self) -> int:
        """Returns how many prompts there have ever been."""
        row = self._one("SELECT COUNT(*) FROM prompts", ())
        return int(row[0]) if row else 0

    def texts_of(self, writer: str) -> list[str]:
        """Returns all that a writer was ever asked for."""
        rows = self._store.reading().execute("SELECT text FROM prompts WHERE writer = ?", (writer,))
        return [row["text"] for row in rows]

    def written(self) -> Counter[str]:
        """Returns how often each character was written, by everybody."""
        counts: Counter[str] = Counter()
        rows = self._store.reading().execute(
            "SELECT text, COUNT(*) AS n FROM prompts WHERE state = ? GROUP BY text", (WRITTEN,)
        )
        for row in rows:
            counts.update({c: n * row["n"] for c, n in Counter(row["text"]).items()})
        return counts

    def _one(self, statement: str, values: Sequence[object]) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._store.reading().execute(statement, values).fetchone()
        return found


def _insert_prompts(
    connection: sqlite3.Connection, writer: str, texts: Sequence[str], sheet: int | None
) -> None:
    connection.executemany(
        "INSERT INTO prompts (writer, text, at, state, sheet) VALUES (?, ?, ?, ?, ?)",
        [(writer, text, now(), OPEN, sheet) for text in texts],
    )


def _prompt(row: sqlite3.Row) -> Prompt:
    return Prompt(row["id"], row["writer"], row["text"])
