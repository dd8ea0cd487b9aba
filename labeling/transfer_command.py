"""The commands `import` and `export`: lines into the store, labels out of it."""

import argparse
import sys
from dataclasses import replace

from tqdm import tqdm

from labeling.__main__ import SPAN
from labeling.export_span import export_span
from labeling.formats import read_items, write_items
from labeling.store import DATABASE, Store
from labeling.texts import load_alphabet
from pipeline.ingest.records import Problems, tell_problems
from schema.errors import InputError

_WHO = "command line"


def bring_in(arguments: argparse.Namespace) -> int:
    """Adds the lines of a file or folder.

    Raises:
      InputError: it, or the store, cannot be used; lines that were added before stay.
    """
    store = Store(arguments.folder)
    problems = Problems()
    items = read_items(
        arguments.format, arguments.path, problems, load_alphabet(arguments.alphabet)
    )
    wanted = (
        replace(item, annotators=max(item.annotators, arguments.annotators))
        for item in tqdm(items, desc=f"importing {arguments.format}", unit="line", disable=None)
    )
    try:
        done = store.add(wanted, _WHO)
    finally:
        tell_problems(problems.found)
        store.close()
    sys.stdout.write(f"added {done.added} lines to {store.folder}; {done.known} were known\n")
    return 0


def take_out(arguments: argparse.Namespace) -> int:
    """Writes labels.

    Raises:
      InputError: there are none, or the path cannot be written.
    """
    if not (arguments.folder / DATABASE).is_file():
        raise InputError(
            f"expected labels, got no {DATABASE} in {arguments.folder}: name the folder with "
            "--folder"
        )
    if arguments.span is not None and arguments.format != SPAN:
        raise InputError(
            f"expected --span with the format {SPAN}, got it with {arguments.format}: leave it away"
        )
    store = Store(arguments.folder)
    if arguments.format == SPAN:
        span, count = export_span(store, arguments.path, _WHO, arguments.span)
        sys.stdout.write(f"exported {count} lines to {span.path}\n")
    else:
        count = write_items(arguments.format, store, arguments.path)
        sys.stdout.write(f"exported {count} lines to {arguments.path}\n")
    store.close()
    return 0
