"""Reads and writes doccano's JSONL of image captioning: a picture's name and its texts, one a line.

Source of the format: doccano's export of projects of the type "image captioning",
`{"filename": "1.jpg", "label": ["text"]}`.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from labeling.exchange.json_files import read_json_text, to_json
from labeling.exchange.line_text import DIFFER, Unusable, only_line
from labeling.exchange.picture_files import find_picture, suffix_of
from labeling.exchange.whole_folder import whole_folder
from labeling.items import Item, NewItem
from labeling.pictures import PictureFolder
from pipeline.ingest.images import ImageProblem
from pipeline.ingest.records import Problems

SOURCE = "doccano"
LINES_FILE, PICTURES = "lines.jsonl", "pictures"
WHAT = "a JSONL export of doccano"


def read(path: Path, problems: Problems) -> Iterator[NewItem]:
    """Yields the pictures of an export with their texts.

    A picture with several different texts, as several people have written them, waits for two
    annotators with the last one as a proposal.

    Args:
      path: the JSONL file, with the pictures beside it.
      problems: takes lines, and notes what cannot be used.

    Raises:
      InputError: no such file, or too many problems.
    """
    for number, line in enumerate(read_json_text(path, WHAT).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            item = _item(line, path.parent)
        except (Unusable, ImageProblem) as error:
            problems.leave_out(path.name, f"line {number}", " ".join(str(error).split()))
            continue
        problems.take()
        yield item
    problems.finish()


def write(items: Iterable[Item], pictures: PictureFolder, path: Path) -> int:
    """Writes accepted lines as `lines.jsonl` and a folder of pictures; returns how many.

    Args:
      items: accepted ones.
      pictures: holds theirs.
      path: a new or empty folder.
    """
    count = 0
    with whole_folder(path) as folder:
        (folder / PICTURES).mkdir()
        with (folder / LINES_FILE).open("w", encoding="utf-8", newline="\n") as file:
            for item in items:
                content = pictures.path(item.picture).read_bytes()
                name = f"{item.picture}{suffix_of(content)}"
                (folder / PICTURES / name).write_bytes(content)
                told = {"id": item.id, "filename": name, "label": [item.text], "line": item.name}
                file.write(to_json(told) + "\n")
                count += 1
    return count


def _item(line: str, folder: Path) -> NewItem:
    """Makes an item of a line of the file.

    Raises:
      Unusable: it is none; the message says why.
      ImageProblem: its picture cannot be used.
    """
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"expected a JSON object, got none ({error}): export it again") from None
    name = entry.get("filename") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name:
        raise Unusable('expected an object with a "filename", got none: export images, not texts')
    texts = _texts(entry.get("label"))
    differ = len(set(texts)) > 1
    shown = entry.get("line")
    return NewItem(
        name=shown if isinstance(shown, str) and shown else PurePosixPath(name).stem,
        picture=find_picture(name, folder),
        source=SOURCE,
        prefill=texts[-1] if differ else "",
        why=DIFFER if differ else "",
        annotators=2 if differ else 1,
        text=texts[0] if texts and not differ else None,
    )


def _texts(labels: Any) -> list[str]:
    given = [labels] if isinstance(labels, str) else labels if labels is not None else []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise Unusable(
            f'expected texts as "label", got {json.dumps(labels)[:60]}: export a project of '
            "image captioning"
        )
    return [line for text in given if (line := only_line([text]))]
