"""Keeps uploaded pages and their boxes, and hands finished ones to the queue as lines."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath

from labeling.answers import ConflictError
from labeling.exchange.regions import place_of, png_of
from labeling.history import now
from labeling.items import NewItem
from labeling.page_lines.boxes import LineBox
from labeling.pictures import MAX_PIXELS
from labeling.store import Store
from pipeline.ingest.images import ImageProblem, measure_picture, read_image
from pipeline.ingest.pages.cut import cut_line
from schema.errors import InputError

SOURCE = "pages"

TABLES = """
CREATE TABLE IF NOT EXISTS pages (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  picture TEXT NOT NULL UNIQUE,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  boxes TEXT NOT NULL,
  revision INTEGER NOT NULL DEFAULT 0,
  queued TEXT, -- when; NULL: the boxes may still change
  at TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Page:
    """An uploaded page.

    Args:
      id: counts from 1.
      name: of its file, without the ending.
      picture: SHA-256.
      size: width and height of the upright picture.
      boxes: in the order of reading.
      revision: grows with each change.
      queued: when its lines were cut out, "" while they are not.
    """

    id: int
    name: str
    picture: str
    size: tuple[int, int]
    boxes: tuple[LineBox, ...]
    revision: int
    queued: str


class PageRecords:
    """The pages of a store.

    Args:
      store: gets a table of its own for them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        store.create_tables(TABLES)

    def add(self, content: bytes, name: str) -> Page:
        """Keeps a page; one that is there already is returned as it is.

        Raises:
          InputError: it is no picture that can be used.
        """
        picture = self._store.pictures.put(content, name or "the page")
        try:
            width, height = measure_picture(content, name, MAX_PIXELS)
        except ImageProblem as error:
            raise InputError(str(error)) from None
        named = PurePosixPath(name).stem or f"page-{picture[:8]}"
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO pages (name, picture, width, height, boxes, at)"
                " VALUES (?, ?, ?, ?, '[]', ?)",
                (named, picture, width, height, now()),
            )
            row = connection.execute("SELECT * FROM pages WHERE picture = ?", (picture,)).fetchone()
        return _page(row)

    def page(self, page_id: int) -> Page:
        """Returns a page.

        Raises:
          InputError: there is none of this id.
        """
        row = (
            self._store.reading().execute("SELECT * FROM pages WHERE id = ?", (page_id,)).fetchone()
        )
        if row is None:
            raise InputError(f"expected the number of a page, got {page_id}: there is none of it")
        return _page(row)

    def all(self) -> list[Page]:
        """Returns all pages, those that are not queued first."""
        rows = self._store.reading().execute(
            "SELECT * FROM pages ORDER BY queued IS NOT NULL, id DESC"
        )
        return [_page(row) for row in rows]

    def save(self, page: Page, boxes: Sequence[LineBox]) -> Page:
        """Replaces the boxes of a page, which must be as it was seen.

        Raises:
          ConflictError: somebody else was quicker; nothing was changed.
        """
        told = json.dumps([asdict(box) for box in boxes], ensure_ascii=False)
        with self._store.transaction() as connection:
            done = connection.execute(
                "UPDATE pages SET boxes = ?, revision = revision + 1"
                " WHERE id = ? AND revision = ? AND queued IS NULL",
                (told, page.id, page.revision),
            )
            if not done.rowcount:
                raise ConflictError(
                    "expected the page as it was shown, got one that somebody has changed or "
                    "queued meanwhile: load it anew"
                )
        return replace(page, boxes=tuple(boxes), revision=page.revision + 1)

    def queue(self, page: Page, boxes: Sequence[LineBox], who: str) -> int:
        """Cuts out the lines of a page, has them wait for labels, and closes the page.

        Args:
          page: as it was seen.
          boxes: what it is to hold.
          who: for the history.

        Returns:
          how many lines are new.

        Raises:
          InputError: there are none, or one cannot be cut out; nothing was changed.
          ConflictError: somebody else was quicker.
        """
        if not boxes:
            raise InputError("expected lines on the page, got none: draw them first")
        items = self._cut(page, boxes)
        self.save(page, boxes)
        # A process that is killed here leaves a page to be queued again: the lines' keys are the
        # same then.
        done = self._store.add(items, who)
        with self._store.transaction() as connection:
            connection.execute("UPDATE pages SET queued = ? WHERE id = ?", (now(), page.id))
        return done.added

    def _cut(self, page: Page, boxes: Sequence[LineBox]) -> list[NewItem]:
        content = self._store.pictures.path(page.picture).read_bytes()
        name = f"{page.name}-{page.id}"
        image = read_image(content, page.name, MAX_PIXELS)
        items = []
        for number, box in enumerate(boxes, start=1):
            line = box.as_line(f"line-{number}")
            try:
                picture = png_of(cut_line(image, line))
            except ImageProblem as error:
                raise InputError(f"line {number} of {page.name}: {error}") from None
            items.append(
                NewItem(
                    name=f"{name}/{line.line_id}",
                    picture=picture,
                    source=SOURCE,
                    key=f"page-{page.picture[:16]}-{box.left}-{box.top}-{box.right}-{box.bottom}",
                    prefill=box.text,
                    model_version=box.model,
                    page=name,
                    place=place_of(line, page.size, page.picture, page.name),
                )
            )
        return items


def _page(row: sqlite3.Row) -> Page:
    boxes = tuple(LineBox(**box) for box in json.loads(row["boxes"]))
    size = row["width"], row["height"]
    return Page(
        row["id"], row["name"], row["picture"], size, boxes, row["revision"], row["queued"] or ""
    )
