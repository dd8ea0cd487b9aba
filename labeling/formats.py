"""Which formats lines come in by, and labels leave by.

An importer is a module with `read(path: Path, problems: Problems) -> Iterator[NewItem]`; an
exporter one with `write(items: Iterable[Item], pictures: PictureFolder, path: Path) -> int`, which
writes all or nothing and returns how many lines that were. Both raise `InputError`. Spans are apart
(`export_span.py`): they have numbers of their own.
"""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from labeling.items import NewItem
from labeling.pictures import PictureFolder
from labeling.store import Store
from pipeline.ingest.corpus import clean_text
from pipeline.ingest.records import Problems
from schema.alphabet import Alphabet

IMPORTERS: dict[str, str] = {
    "alto": "labeling.exchange.alto",
    "doccano": "labeling.exchange.doccano",
    "label-studio": "labeling.exchange.label_studio",
    "lines": "labeling.import_lines",
    "page": "labeling.exchange.page_xml",
    "queue": "labeling.import_queue",
}
EXPORTERS: dict[str, str] = {
    "alto": "labeling.exchange.alto",
    "doccano": "labeling.exchange.doccano",
    "label-studio": "labeling.exchange.label_studio",
    "lines": "labeling.exchange.line_folders",
    "page": "labeling.exchange.page_xml",
}

OUTSIDE = "outside the alphabet"
"""Why a line waits that came with a label which cannot be kept as it is."""


def read_items(form: str, path: Path, problems: Problems, alphabet: Alphabet) -> Iterator[NewItem]:
    """Yields the lines of a file or folder of a format of `IMPORTERS`.

    A label with characters outside the alphabet is not accepted: its line waits, with the label as
    its reading.
    """
    for item in importlib.import_module(IMPORTERS[form]).read(path, problems):
        if item.text is not None and alphabet.outside(clean_text(item.text)):
            yield replace(item, text=None, prefill=item.text, why=OUTSIDE)
        else:
            yield item


def write_items(form: str, store: Store, path: Path) -> int:
    """Writes all accepted lines in a format of `EXPORTERS`; returns how many."""
    pictures: PictureFolder = store.pictures
    count: int = importlib.import_module(EXPORTERS[form]).write(store.accepted(), pictures, path)
    return count
