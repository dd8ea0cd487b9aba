"""The store: a folder with an SQLite database and the pictures of lines.

`items.py` says what it holds, `tables.py` how. Every change is one transaction, on the disk before
it is answered (write-ahead log, full synchronisation): a process that is killed loses nothing that
it had accepted. Several processes may use a store at a time.
"""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labeling import history
from labeling.items import ACCEPTED, JSON_COLUMNS, WAITING, Item, NewItem, item_of
from labeling.pictures import PictureFolder
from labeling.store_format import check_format, note_format
from labeling.tables import CREATE_TABLES
from pipeline.ingest.corpus import clean_text
from schema.errors import InputError

DATABASE, PICTURES = "labeling.db", "pictures"

_BUSY_SECONDS = 30.0
_ADDED_AT_ONCE = 200  # lines in a transaction, so that annotators need not wait for an import


@dataclass(frozen=True)
class Added:
    """What came of adding lines.

    Args:
      added: how many are new.
      known: how many were there already and are as they were.
    """

    added: int
    known: int


class Store:
    """Lines, labels and history.

    Args:
      folder: made where it is missing.

    Raises:
      InputError: the folder cannot be used, or holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures = PictureFolder(folder / PICTURES)
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._writing = threading.Lock()  # threads queue here rather than poll the file's lock
        try:
            folder.mkdir(parents=True, exist_ok=True)
            check_format(folder / DATABASE)
            self.create_tables(CREATE_TABLES)
            with self.transaction() as connection:
                note_format(connection)
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"expected a folder for labels that may be written, got {error} at {folder}: "
                "give another folder, or restore the database from a copy"
            ) from None

    def close(self) -> None:
        """Closes the connections of all threads."""
        for connection in self._opened:
            connection.close()

    def reading(self) -> sqlite3.Connection:
        """Returns this thread's connection, for reading; rows are `sqlite3.Row`."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
        return connection

    @contextmanager
    def transaction(self, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Gives a connection whose changes are kept together when the block ends, or not at all.

        Args:
          durable: whether they must outlast the machine, not the process alone; costs a wait for
            the disk.
        """
        connection = self.reading()
        with self._writing:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def create_tables(self, statements: str) -> None:
        """Makes further tables: `CREATE TABLE IF NOT EXISTS ...; ...`."""
        with self._writing:
            self.reading().executescript(statements)

    def secret(self) -> str:
        """Returns a random word that belongs to this store and never leaves it."""
        with self.transaction() as connection:
            made = ("secret", secrets.token_hex(32))
            connection.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", made)
            row = connection.execute("SELECT value FROM facts WHERE name = 'secret'").fetchone()
            return str(row["value"])

    def add(self, items: Iterable[NewItem], who: str) -> Added:
        """Adds lines; those whose key is known are passed over.

        Args:
          items: read as they are added; what was added before an error stays.
          who: for the history.

        Raises:
          InputError: a picture or a label cannot be used.
        """
        added = known = 0
        batch: list[tuple[NewItem, str]] = []
        for item in items:
            # The picture is on the disk before the line that names it.
            batch.append((item, self.pictures.put(item.picture, item.name)))
            if len(batch) == _ADDED_AT_ONCE:
                new = self._add_batch(batch, who)
                added, known, batch = added + new, known + len(batch) - new, []
        new = self._add_batch(batch, who)
        return Added(added + new, known + len(batch) - new)

    def item(self, item_id: int) -> Item:
        """Returns a line.

        Raises:
          InputError: there is none of this id.
        """
        row = self.reading().execute("SELECT * FROM items WHERE id = ?", (item_id,)).fetchone()
        if row is None:
            raise InputError(f"expected the number of a line, got {item_id}: there is none of it")
        return item_of(row)

    def accepted(self) -> Iterator[Item]:
        """Yields the lines whose text is accepted, in the order in which they were added."""
        yield from self._select("WHERE status = ? ORDER BY id", ACCEPTED)

    def counts(self) -> dict[str, int]:
        """Returns how many lines are in each status that occurs."""
        rows = self.reading().execute(
            "SELECT status, SUM(lines) FROM tallies GROUP BY status HAVING SUM(lines) > 0"
        )
        return dict(map(tuple, rows))

    def _select(self, condition: str, *values: object) -> Iterator[Item]:
        for row in self.reading().execute(f"SELECT * FROM items {condition}", values):
            yield item_of(row)

    def _add_batch(self, batch: Iterable[tuple[NewItem, str]], who: str) -> int:
        with self.transaction() as connection:
            return sum(_insert(connection, item, picture, who) for item, picture in batch)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.folder / DATABASE,
            timeout=_BUSY_SECONDS,
            isolation_level=None,  # transactions begin and end where `transaction` says
            check_same_thread=False,  # `close` may run in another thread
        )
        connection.row_factory = sqlite3.Row
        for setting in ("journal_mode = WAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}")
        self._opened.append(connection)
        return connection


def _insert(connection: sqlite3.Connection, item: NewItem, picture: str, who: str) -> bool:
    """Adds a line with its entry in the history; returns whether it is new."""
    text = None if item.text is None else clean_text(item.text)
    if text == "":
        raise InputError(f"expected a text, got an empty label of {item.name}: leave it out")
    values = {
        "key": item.key or picture,
        "name": item.name,
        "picture": picture,
        "source": item.source,
        "prefill": clean_text(item.prefill),
        "confidence": item.confidence,
        "character_confidences": item.character_confidences or None,
        "model_version": item.model_version,
        "why": item.why,
        "priority": item.priority,
        "annotators": item.annotators,
        "writer": item.writer,
        "page": item.page,
        "place": item.place,
        "origin": item.origin,
        "extra": item.extra,
        "status": WAITING if text is None else ACCEPTED,
        "text": text,
        "added": history.now(),
    }
    for column in JSON_COLUMNS:
        if values[column] is not None:
            values[column] = json.dumps(values[column], ensure_ascii=False)
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    done = connection.execute(
        f"INSERT INTO items ({columns}) VALUES ({places}) ON CONFLICT (key) DO NOTHING", values
    )
    if not done.rowcount:
        return False
    new = int(done.lastrowid or 0)
    history.append(connection, new, who, history.ADDED, None, text, item.model_version)
    return True
