"""Writes accepted lines as a folder of pictures with `.gt.txt` files, for kraken and Calamari.

`pipeline.ingest.line_folder` knows the form; its reader is the importer `lines`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from labeling.exchange.whole_folder import whole_folder
from labeling.items import Item
from labeling.pictures import MAX_PIXELS, PictureFolder
from pipeline.ingest.export import file_name
from pipeline.ingest.images import read_image
from pipeline.ingest.line_folder import IMAGE_SUFFIXES, VARIANT_SUFFIXES, write_line_folder
from pipeline.ingest.records import LineRecord


def write(items: Iterable[Item], pictures: PictureFolder, path: Path) -> int:
    """Writes lines under their names, made unique and safe; returns how many.

    Args:
      items: accepted ones.
      pictures: holds theirs.
      path: a new or empty folder.
    """
    with whole_folder(path) as folder:
        return write_line_folder(_records(items, pictures), folder)


def _records(items: Iterable[Item], pictures: PictureFolder) -> Iterator[LineRecord]:
    used: set[str] = set()
    for item in items:
        if item.text is None:
            continue
        name = _name(item)
        if name.casefold() in used:
            name = f"{name}-{item.id}"
        used.add(name.casefold())
        picture = pictures.path(item.picture)
        image = read_image(picture, item.name, MAX_PIXELS)
        yield LineRecord(name, image, item.text, item.source, writer=item.writer or None)


def _name(item: Item) -> str:
    """Returns a path below the folder; names come from uploads and may be anything."""
    safe = PurePosixPath(file_name(item.name).strip("/ "))
    parts = [part for part in safe.parts if part not in ("/", "..", ".")]
    name = "/".join(parts)
    if not parts or PurePosixPath(name).suffix in (*IMAGE_SUFFIXES, *VARIANT_SUFFIXES[1:]):
        return f"{name}-{item.id}" if parts else f"line-{item.id}"
    return name
