"""Reads lines of pages in PAGE XML, and writes what was labelled in it again."""

from collections.abc import Iterable
from pathlib import Path

from labeling.exchange.pages import read_lines, write_pages
from labeling.items import Item
from labeling.pictures import PictureFolder
from serving.predict.page_xml import to_page_xml

read = read_lines


def write(items: Iterable[Item], pictures: PictureFolder, path: Path) -> int:
    """Writes a document for each page, as `write_pages` does; returns the number of lines."""
    return write_pages(items, pictures, path, to_page_xml)
