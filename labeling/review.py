"""Lines that somebody is to decide, and where their answers differ."""

from collections.abc import Mapping

from rapidfuzz.distance import Levenshtein

from labeling.items import Item, item_of
from labeling.store import Store

SHOWN = 50
"""Lines on a page of review."""

Piece = tuple[str, bool]
"""Characters of an answer, and whether another answer has others in their place."""


def some_of(store: Store, status: str) -> list[Item]:
    """Returns the most urgent lines of a status, at most `SHOWN`."""
    rows = store.reading().execute(
        "SELECT * FROM items WHERE status = ? ORDER BY priority DESC, id LIMIT ?", (status, SHOWN)
    )
    return list(map(item_of, rows))


def next_of(store: Store, item: Item) -> int | None:
    """Returns the most urgent other line of the status that a line had; None without one."""
    row = (
        store.reading()
        .execute(
            "SELECT id FROM items WHERE status = ? AND id != ? ORDER BY priority DESC, id LIMIT 1",
            (item.status, item.id),
        )
        .fetchone()
    )
    return None if row is None else int(row["id"])


def differences(answers: Mapping[str, str | None]) -> dict[str, list[Piece]]:
    """Returns each answer in pieces, marked where the two differ.

    Answers that nobody could read have no pieces; of other than two answers nothing is marked.
    """
    texts = [text for text in answers.values() if text is not None]
    if len(texts) != 2:
        return {who: [] if text is None else [(text, False)] for who, text in answers.items()}
    marked: tuple[list[Piece], list[Piece]] = ([], [])
    for edit in Levenshtein.opcodes(*texts):
        differs = edit.tag != "equal"
        marked[0].append((texts[0][edit.src_start : edit.src_end], differs))
        marked[1].append((texts[1][edit.dest_start : edit.dest_end], differs))
    pieces = iter(marked)
    return {who: [] if text is None else next(pieces) for who, text in answers.items()}
