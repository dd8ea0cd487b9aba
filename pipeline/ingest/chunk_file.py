"""Planned lines in a file that every worker sees; what a runner deals out are places in it.

After `lines.py`, before `spelling.py`. Dealt out themselves, all lines would be in the memory of
whoever deals, and once more in the job that the runner is handed.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.ingest.spelling import LineChunk


@dataclass(frozen=True)
class ChunkPlace:
    """Where in the file a chunk is: so many bytes from its start, and so many long."""

    start: int
    size: int


def write_chunks(chunks: Iterable[LineChunk], path: Path) -> list[ChunkPlace]:
    """Writes chunks one after the other; returns where each is."""
    places = []
    with path.open("wb") as file:
        for chunk in chunks:
            start = file.tell()
            places.append(ChunkPlace(start, file.write(json.dumps(vars(chunk)).encode())))
    return places


def read_chunk(file: BinaryIO, place: ChunkPlace) -> LineChunk:
    """Returns the chunk at a place of an open file."""
    file.seek(place.start)
    found = json.loads(file.read(place.size))
    lists = {name: tuple(found[name]) for name in ("texts", "vocabularies")}
    return LineChunk(**{**found, **lists})
