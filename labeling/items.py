"""What is labelled: pictures of lines, as importers bring them and as the store keeps them."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

WAITING = "waiting"
"""For as many answers as are wanted."""
ACCEPTED = "accepted"
"""With a text that counts."""
DISPUTED = "disputed"
"""Two annotators differ; somebody is to decide."""
UNREADABLE = "unreadable"
FLAGGED = "flagged"
"""Somebody is to have a look: a wrong cut, two lines, no handwriting."""
STATUSES = (WAITING, ACCEPTED, DISPUTED, UNREADABLE, FLAGGED)

USUAL_PRIORITY = 0.5
"""Of lines of which nothing is known; what monitoring queued comes before all others, above 1."""


@dataclass(frozen=True)
class NewItem:
    """A line that is to be labelled, or that brings its label along.

    Args:
      name: what people see, as in "page-3/line-2".
      picture: as it came, in one of the formats of `pictures.FORMATS`.
      source: where it came from, as in "queue", "folder", "written".
      key: makes it out among all lines: a key that is known is passed over. The picture's SHA-256
        where it is "".
      prefill: what the model read; "" where none did.
      confidence: the model's, 0..1; None where none is known.
      character_confidences: 0..1, of each character of `prefill`, or ().
      model_version: that read it, as in "lines 1764000000".
      why: it is queued, as in "uncertain".
      priority: the higher, the earlier.
      annotators: who must label it independently.
      writer: an id without personal data, or "".
      page: id of the page that it was cut from, or "".
      place: on that page, as JSON values.
      origin: the request that it came in with (`serving.monitor.label_queue.Origin`).
      extra: what a format wants back when it is exported, as JSON values.
      text: its label, accepted at once; None where it has none.
    """

    name: str
    picture: bytes
    source: str
    key: str = ""
    prefill: str = ""
    confidence: float | None = None
    character_confidences: tuple[float, ...] = ()
    model_version: str = ""
    why: str = ""
    priority: float = USUAL_PRIORITY
    annotators: int = 1
    writer: str = ""
    page: str = ""
    place: Mapping[str, Any] | None = None
    origin: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] | None = None
    text: str | None = None


@dataclass(frozen=True)
class Item:
    """A line as the store keeps it; fields as of `NewItem`.

    Args:
      id: counts from 1.
      picture: SHA-256 of its bytes: `store.pictures.path(item.picture)`.
      status: one of `STATUSES`.
      text: that counts; None unless the status is `ACCEPTED`.
      revision: grows with each change.
      added: when, ISO 8601 in UTC.
    """

    id: int
    key: str
    name: str
    picture: str
    source: str
    prefill: str
    confidence: float | None
    character_confidences: tuple[float, ...]
    model_version: str
    why: str
    priority: float
    annotators: int
    writer: str
    page: str
    place: Mapping[str, Any] | None
    origin: Mapping[str, Any] | None
    extra: Mapping[str, Any] | None
    status: str
    text: str | None
    revision: int
    added: str


JSON_COLUMNS = ("character_confidences", "place", "origin", "extra")


def item_of(row: sqlite3.Row) -> Item:
    """Returns the item of a row of the table `items`."""
    values = {name: row[name] for name in _NAMES}
    for column in JSON_COLUMNS:
        values[column] = None if values[column] is None else json.loads(values[column])
    values["character_confidences"] = tuple(values["character_confidences"] or ())
    return Item(**values)


_NAMES = tuple(field.name for field in fields(Item))
