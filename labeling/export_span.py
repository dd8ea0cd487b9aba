"""Labels as the next span of training data, with the lineage from requests.

An export is entered in the store before the span is written, and completed afterwards. A process
that is killed in between leaves an entry that the next export completes, by the mark that stands in
the span's manifest, or takes back: a label is in no span twice.
"""

import fcntl
import hmac
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeling import history
from labeling.items import ACCEPTED, Item, item_of
from labeling.store import Store
from pipeline.ingest.images import ImageProblem, read_image
from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import MANIFEST_FILE, SOURCE, Span, find_spans, write_span
from schema.errors import InputError

_TOOL = "labeling"
_LOCK = ".export.lock"
_NAME_LENGTH = 12


def count_new(store: Store) -> int:
    """Returns how many accepted lines are in no span yet."""
    row = store.reading().execute(f"SELECT COUNT(*) FROM items i WHERE {_NEW}", (ACCEPTED,))
    return int(row.fetchone()[0])


@dataclass(frozen=True)
class ExportedSpan:
    """The latest version of a span that was exported from here.

    Args:
      number: of the span.
      version: its latest.
      at: when, ISO 8601 in UTC.
      who: exported it.
      lines: in it.
      changed: of them, how many are labelled otherwise by now.
    """

    number: int
    version: int
    at: str
    who: str
    lines: int
    changed: int


def spans_of(store: Store) -> list[ExportedSpan]:
    """Returns the latest version of each span that was exported, the newest span first."""
    rows = store.reading().execute(
        "SELECT x.span AS number, x.version, x.at, x.who, COUNT(*) AS lines,"
        " SUM(i.text IS NOT e.text) AS changed"
        " FROM exports x JOIN exported e ON e.export = x.id JOIN items i ON i.id = e.item"
        " WHERE x.version = (SELECT MAX(y.version) FROM exports y WHERE y.span = x.span)"
        " GROUP BY x.id ORDER BY x.span DESC"
    )
    return [ExportedSpan(**dict(row)) for row in rows]


def export_span(store: Store, root: Path, who: str, number: int | None = None) -> tuple[Span, int]:
    """Writes accepted lines as a span.

    Args:
      store: that holds them.
      root: the folder of all spans.
      who: for the record; the span itself names no person.
      number: of the span whose lines are written anew as they are labelled now, as its next
        version; None for those that are in no span yet, as a new span.

    Returns:
      The span, and how many lines it has.

    Raises:
      InputError: there is nothing to write, or it cannot be written.
    """
    with _alone(store):
        _settle(store, root)
        items = _choose(store, number)
        mark = uuid.uuid4().hex
        export = _enter(store, mark, who, items)
        try:
            records = (_record(store, item) for item in items)
            origins = {_line_id(item): _origin(item) for item in items if item.origin is not None}
            writers = _name_writers(store, items)
            span = write_span(records, root, f"{_TOOL} {mark}", number, origins, writers)
        except InputError:
            _take_back(store, export)
            raise
        _complete(store, export, span)
        return span, len(items)


_NEW = """i.status = ? AND NOT EXISTS (SELECT 1 FROM exported e WHERE e.item = i.id)"""


def _choose(store: Store, number: int | None) -> list[Item]:
    if number is None:
        condition: str = _NEW
        values: tuple[Any, ...] = (ACCEPTED,)
        remedy = "label some first"
    else:
        condition = (
            "i.status = ? AND i.id IN (SELECT e.item FROM exported e JOIN exports x"
            " ON x.id = e.export WHERE x.span = ?)"
        )
        values = (ACCEPTED, number)
        remedy = "give the number of a span that was exported from here"
    rows = store.reading().execute(
        f"SELECT i.* FROM items i WHERE {condition} ORDER BY i.id", values
    )
    items = [item_of(row) for row in rows]
    if not items:
        what = "accepted lines that are in no span yet" if number is None else f"span {number}"
        raise InputError(f"expected {what}, got none in {store.folder}: {remedy}")
    return items


def _record(store: Store, item: Item) -> LineRecord:
    try:
        pixels = read_image(store.pictures.path(item.picture), item.name)
    except ImageProblem as error:
        raise InputError(f"{error} (restore the pictures of {store.folder})") from None
    return LineRecord(_line_id(item), pixels, item.text or "", SOURCE)


def _line_id(item: Item) -> str:
    """Returns what a line is called in a span: names that people gave do not leave the store."""
    return f"line-{item.id:06d}"


def _name_writers(store: Store, items: Sequence[Item]) -> dict[str, str]:
    """Returns names of writers by lines: the same in every span, and nobody's outside the store."""
    secret = store.secret().encode()
    return {
        _line_id(item): hmac.new(secret, item.writer.encode(), "sha256").hexdigest()[:_NAME_LENGTH]
        for item in items
        if item.writer
    }


def _origin(item: Item) -> dict[str, Any]:
    return {**(item.origin or {}), "label": {"line": item.id, "revision": item.revision}}


def _enter(store: Store, mark: str, who: str, items: Sequence[Item]) -> int:
    with store.transaction() as connection:
        done = connection.execute(
            "INSERT INTO exports (mark, at, who) VALUES (?, ?, ?)", (mark, history.now(), who)
        )
        export = int(done.lastrowid or 0)
        connection.executemany(
            "INSERT INTO exported VALUES (?, ?, ?)",
            ((export, item.id, item.text) for item in items),
        )
    return export


def _complete(store: Store, export: int, span: Span) -> None:
    with store.transaction() as connection:
        connection.execute(
            "UPDATE exports SET span = ?, version = ? WHERE id = ?",
            (span.number, span.version, export),
        )


def _take_back(store: Store, export: int) -> None:
    with store.transaction() as connection:
        connection.execute("DELETE FROM exported WHERE export = ?", (export,))
        connection.execute("DELETE FROM exports WHERE id = ?", (export,))


def _settle(store: Store, root: Path) -> None:
    """Completes or takes back exports that a killed process has left."""
    query = "SELECT id, mark FROM exports WHERE span IS NULL"
    for row in store.reading().execute(query).fetchall():
        span = next((s for s in find_spans(root) if _tool(s) == f"{_TOOL} {row['mark']}"), None)
        if span is None:
            _take_back(store, row["id"])
        else:
            _complete(store, row["id"], span)


def _tool(span: Span) -> str:
    try:
        manifest = json.loads((span.path / MANIFEST_FILE).read_text(encoding="utf-8"))
        return str(manifest["tool"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # damaged, or not a span of ours: whoever trains on it is told


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Keeps other exports waiting; a killed process leaves no lock behind."""
    with (store.folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
