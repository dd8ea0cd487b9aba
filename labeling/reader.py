"""Has the served model read lines before people do, in the background.

The most urgent lines come first. A line is read anew when another version of the model serves,
unless somebody has it before them or has answered. What the model is unsure of becomes more urgent.
"""

import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from labeling.items import WAITING
from labeling.store import Store
from pipeline.ingest.corpus import clean_text
from serving.client.errors import RefusedError, ServingError
from serving.client.readings import Reading, read_row
from serving.client.rest import RestConnection
from serving.client.served_model import find_model
from serving.signatures import TEXT

_log = logging.getLogger(__name__)

_BATCH = 16
_PLANNED = 1000  # lines that are looked for at a time
_TIMEOUT, _PAUSE_SECONDS = 60.0, 10.0


@dataclass(frozen=True)
class _Line:
    """A line that is to be read."""

    id: int
    picture: bytes


class Reader:
    """Reads until it is stopped.

    Args:
      store: of the lines.
      url: REST address of the model server.
      model: its name there; None for the first that reads lines.
    """

    def __init__(self, store: Store, url: str, model: str | None = None) -> None:
        self._store = store
        self._url = url
        self._model = model
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self.problem = ""
        """Why lines are not read at present, "" while they are."""

    def start(self) -> None:
        """Begins in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it and waits for that."""
        self._stopped.set()
        self._thread.join()

    def read_waiting(self) -> int:
        """Reads what waits and returns how many lines that were.

        Raises:
          ServingError: the server does not answer, or has no model that reads lines.
        """
        with RestConnection(self._url, _TIMEOUT) as connection:
            served = find_model(connection, self._model)
            if served.output != TEXT:
                raise ServingError(
                    f"{self._url} model {served.name!r}: expected one that reads lines, got one "
                    f"that gives {served.output}: name another with --model"
                )
            version = f"{served.name} {connection.available_version(served.name)}"
            done = 0
            planned = self._plan(version)
            for start in range(0, len(planned), _BATCH):
                if self._stopped.is_set():
                    break
                lines = self._load(planned[start : start + _BATCH])
                readings = self._ask(connection, served.name, lines)
                self._keep(lines, readings, version)
                done += len(lines)
            return done

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                done = self.read_waiting()
                self.problem = ""
            except (ServingError, OSError) as error:  # a picture that is gone, say
                if self.problem != str(error):  # told once, not every few seconds
                    _log.warning("lines are not read: %s", error)
                self.problem, done = str(error), 0
            if not done:
                self._stopped.wait(_PAUSE_SECONDS)

    def _plan(self, version: str) -> list[tuple[int, str]]:
        """Returns ids and pictures of the most urgent lines that this version has not read."""
        rows = self._store.reading().execute(
            "SELECT i.id, i.picture FROM items i WHERE i.status = ?"
            # What people have proposed, as the text that somebody copied, is better than a reading.
            " AND (i.model_version != '' OR i.prefill = '')"
            " AND NOT EXISTS (SELECT 1 FROM readings r WHERE r.item = i.id"
            "  AND r.model_version = ?)"
            " AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.item = i.id)"
            " AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.item = i.id AND c.until > ?)"
            " ORDER BY i.priority DESC, i.id LIMIT ?",
            (WAITING, version, time.time(), _PLANNED),
        )
        return [(row["id"], row["picture"]) for row in rows]

    def _load(self, planned: Sequence[tuple[int, str]]) -> list[_Line]:
        pictures = self._store.pictures
        return [_Line(line, pictures.path(name).read_bytes()) for line, name in planned]

    def _ask(
        self, connection: RestConnection, model: str, lines: Sequence[_Line]
    ) -> list[Reading | None]:
        """Returns what the model reads; None for a picture that it refuses."""
        try:
            rows = connection.predict(model, [line.picture for line in lines])
        except RefusedError as error:
            if len(lines) > 1:  # one of them spoils the others
                return [self._ask(connection, model, [line])[0] for line in lines]
            _log.warning("line %d is not read: %s", lines[0].id, error)
            return [None]
        return [read_row(row, TEXT, self._url)[0] for row in rows]

    def _keep(
        self, lines: Sequence[_Line], readings: Sequence[Reading | None], version: str
    ) -> None:
        with self._store.transaction() as connection:
            for line, reading in zip(lines, readings, strict=True):
                if reading is not None:
                    connection.execute(_KEEP, _values(line, reading, version))
                connection.execute(
                    "INSERT OR REPLACE INTO readings VALUES (?, ?)", (line.id, version)
                )


_KEEP = """
UPDATE items SET prefill = :text, confidence = :confidence, model_version = :version,
  character_confidences = :of_characters,
  priority = CASE WHEN priority BETWEEN 0 AND 1 THEN 1 - :confidence ELSE priority END
WHERE id = :id AND status = :waiting
  AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.item = :id)
  AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.item = :id AND c.until > :now)
"""


def _values(line: _Line, reading: Reading, version: str) -> dict[str, object]:
    text = clean_text(reading.text)
    told = reading.character_confidences if text == reading.text else ()
    return {
        "id": line.id,
        "text": text,
        "confidence": min(max(reading.confidence, 0.0), 1.0),
        "of_characters": json.dumps(told) if told else None,
        "version": version,
        "waiting": WAITING,
        "now": time.time(),
    }
