"""Which form the tables of a store have, looked at before anything in it is touched.

There has been one form so far, so none is carried over into another. Whoever changes `tables.py`
such that stores that exist do not fit any more counts `FORMAT` up, and says here how they are
carried over.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from schema.errors import InputError

FORMAT = 1
_NAME = "format"


def check_format(database: Path) -> None:
    """Looks whether a database, which may be missing, holds labels of this form.

    Raises:
      InputError: it holds something else; nothing was changed.
      sqlite3.Error: it cannot be read.
    """
    if not database.exists():
        return
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return  # whoever made it was killed at once
        if "facts" not in tables:
            raise InputError(
                f"expected a database of labels, got one of something else, at {database}: "
                "give another folder"
            )
        row = opened.execute("SELECT value FROM facts WHERE name = ?", (_NAME,)).fetchone()
    if row is None or row[0] == str(FORMAT):
        return
    newer = row[0].isdecimal() and int(row[0]) > FORMAT
    raise InputError(
        f"expected labels of format {FORMAT}, got format {row[0]} in {database.parent}, which "
        f"{'a newer' if newer else 'another'} version of this program has made: use that one; "
        "nothing was changed"
    )


def note_format(connection: sqlite3.Connection) -> None:
    """Notes the form of a store, inside the transaction of `Store.transaction`."""
    connection.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (_NAME, str(FORMAT)))
