"""Lines of requests that monitoring has queued (`serving.monitor.label_queue`)."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from labeling.items import NewItem
from pipeline.ingest.records import Problems
from schema.errors import InputError
from serving.monitor.label_queue import LabelQueue, QueuedLine

SOURCE = "queue"
_AHEAD = 1.0  # of all lines that monitoring has not asked for
_NAME_LENGTH = 12


def read(path: Path, problems: Problems) -> Iterator[NewItem]:
    """Yields the entries of a queue; the most uncertain and the most drifted alternate.

    Args:
      path: the folder of the queue.
      problems: takes entries whose picture is gone.

    Raises:
      InputError: no queue, a damaged one, or too many problems.
    """
    queue = LabelQueue(path)
    empty = True
    for line in queue.read():
        empty = False
        try:
            picture = queue.picture_path(line.picture).read_bytes()
        except OSError as error:
            problems.leave_out(
                str(queue.picture_path(line.picture)),
                line.picture[:_NAME_LENGTH],
                f"expected its picture, got {error.strerror}: restore the queue's folder",
            )
            continue
        problems.take()
        yield _item(line, picture)
    if empty:
        raise InputError(
            f"expected a queue of lines, got none in {path}: name the folder that "
            "`python -m serving.monitor queue --to` has filled"
        )
    problems.finish()


def _item(line: QueuedLine, picture: bytes) -> NewItem:
    origin = line.origin
    version = "" if origin.version is None else f" {origin.version}"
    return NewItem(
        name=f"request {line.picture[:_NAME_LENGTH]}",
        picture=picture,
        source=SOURCE,
        prefill=line.reading,
        confidence=line.confidence,
        model_version=f"{origin.model}{version}",
        why=line.why,
        priority=_AHEAD + 1 / (1 + line.rank),
        origin=asdict(origin),
    )
